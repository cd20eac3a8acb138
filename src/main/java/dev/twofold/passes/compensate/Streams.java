package dev.twofold.passes.compensate;

import dev.twofold.decoder.Norm;
import dev.twofold.pass.DecoderEngine;
import dev.twofold.pass.HiddenStates;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/** Arithmetic on streams. */
final class Streams {

    private Streams() {}

    static HiddenStates minus(HiddenStates left, HiddenStates right) {
        return combine(left, right, -1);
    }

    static HiddenStates plus(HiddenStates left, HiddenStates right) {
        return combine(left, right, 1);
    }

    private static HiddenStates combine(HiddenStates left, HiddenStates right, float sign) {
        return zip(left, right, (a, b) -> {
            float[] result = new float[a.length];
            for (int i = 0; i < result.length; i++) {
                result[i] = a[i] + sign * b[i];
            }
            return result;
        });
    }

    private static HiddenStates zip(HiddenStates left, HiddenStates right, BinaryOperator<float[]> each) {
        List<float[]> windows = IntStream.range(0, left.windows().size())
                .mapToObj(window ->
                        each.apply(left.windows().get(window), right.windows().get(window)))
                .toList();
        return new HiddenStates(windows, left.hidden());
    }

    /** Windows {@code from} to {@code to - 1}. */
    static HiddenStates part(HiddenStates states, int from, int to) {
        return new HiddenStates(states.windows().subList(from, to), states.hidden());
    }

    /** The stream as a branch reads it: RMSNorm with its gain. */
    static HiddenStates normalized(DecoderEngine engine, Norm norm, HiddenStates states) {
        float[] gain = engine.read(norm.gain());
        List<float[]> windows = new ArrayList<>();
        for (float[] window : states.windows()) {
            windows.add(normalized(window, gain, norm.epsilon()));
        }
        return new HiddenStates(windows, states.hidden());
    }

    private static float[] normalized(float[] window, float[] gain, double epsilon) {
        int hidden = gain.length;
        float[] result = new float[window.length];
        for (int from = 0; from < window.length; from += hidden) {
            double squares = 0;
            for (int i = 0; i < hidden; i++) {
                squares += (double) window[from + i] * window[from + i];
            }
            double scale = 1 / Math.sqrt(squares / hidden + epsilon);
            for (int i = 0; i < hidden; i++) {
                result[from + i] = (float) (window[from + i] * scale * gain[i]);
            }
        }
        return result;
    }

    /** Sum of the squares of all values. */
    static double energy(HiddenStates states) {
        double sum = 0;
        for (float[] window : states.windows()) {
            for (float value : window) {
                sum += (double) value * value;
            }
        }
        return sum;
    }
}
