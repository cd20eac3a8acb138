package dev.twofold.execution;

import java.util.List;
import java.util.stream.IntStream;

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

    /** Some of the windows one after the other, as one. */
    public HiddenStates joined(List<Integer> numbers) {
        if (numbers.size() == 1) {
            return new HiddenStates(List.of(windows.get(numbers.get(0))), hidden);
        }
        int length =
                numbers.stream().mapToInt(number -> windows.get(number).length).reduce(0, Math::addExact);
        float[] joined = new float[length];
        int at = 0;
        for (int number : numbers) {
            float[] window = windows.get(number);
            System.arraycopy(window, 0, joined, at, window.length);
            at += window.length;
        }
        return new HiddenStates(List.of(joined), hidden);
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
        return new HiddenStates(
                IntStream.range(0, windows.size())
                        .parallel()
                        .mapToObj(window -> plus(windows.get(window), factor, other.windows.get(window)))
                        .toList(),
                hidden);
    }

    private static float[] plus(float[] left, float factor, float[] right) {
        float[] result = new float[left.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = left[i] + factor * right[i];
        }
        return result;
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
