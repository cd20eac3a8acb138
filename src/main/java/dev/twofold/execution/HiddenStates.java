package dev.twofold.execution;

import java.util.ArrayList;
import java.util.List;

/**
 * The residual stream over windows of text, or something else with a vector a token.
 *
 * @param windows one array a window, {@code [tokens, hidden]} row-major; all of one length but perhaps the last
 */
public record HiddenStates(List<float[]> windows, int hidden) {

    public HiddenStates {
        windows = List.copyOf(windows);
    }

    /** Number of tokens in a window. */
    public int tokens(int window) {
        return windows.get(window).length / hidden;
    }

    /** The element-wise sum. */
    public HiddenStates plus(HiddenStates other) {
        return plus(1, other);
    }

    /** The element-wise difference. */
    public HiddenStates minus(HiddenStates other) {
        return plus(-1, other);
    }

    /** The difference of every token and a row of as many values. */
    public HiddenStates minusRow(float[] row) {
        return new HiddenStates(
                windows.stream().map(window -> minus(window, row)).toList(), hidden);
    }

    private static float[] minus(float[] window, float[] row) {
        float[] result = new float[window.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = window[i] - row[i % row.length];
        }
        return result;
    }

    private HiddenStates plus(float factor, HiddenStates other) {
        List<float[]> results = new ArrayList<>();
        for (int window = 0; window < windows.size(); window++) {
            float[] left = windows.get(window);
            float[] right = other.windows.get(window);
            float[] result = new float[left.length];
            for (int i = 0; i < result.length; i++) {
                result[i] = left[i] + factor * right[i];
            }
            results.add(result);
        }
        return new HiddenStates(results, hidden);
    }

    /** Sum of the squares of all values. */
    public double energy() {
        double sum = 0;
        for (float[] window : windows) {
            for (float value : window) {
                sum += (double) value * value;
            }
        }
        return sum;
    }
}
