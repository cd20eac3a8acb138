package dev.twofold.passes.compensate;

import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Norm.Kind;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import java.util.List;

/** A norm, with its gain and bias, applied to streams. */
public final class NormOf {

    private final Kind kind;
    private final double epsilon;
    private final float[] gain;
    private final float[] bias;

    public NormOf(Norm norm, DecoderEngine engine) {
        this.kind = norm.kind();
        this.epsilon = norm.epsilon();
        this.gain = engine.read(norm.gain());
        this.bias = norm.bias().map(engine::read).orElseGet(() -> new float[gain.length]);
    }

    public HiddenStates apply(HiddenStates states) {
        List<float[]> windows = states.windows().stream().map(this::apply).toList();
        return new HiddenStates(windows, states.hidden());
    }

    private float[] apply(float[] window) {
        float[] result = new float[window.length];
        for (int from = 0; from < window.length; from += gain.length) {
            normalize(window, from, result);
        }
        return result;
    }

    private void normalize(float[] window, int from, float[] result) {
        int hidden = gain.length;
        double mean = 0;
        if (kind == Kind.LAYER) {
            for (int i = 0; i < hidden; i++) {
                mean += window[from + i];
            }
            mean /= hidden;
        }
        double squares = 0;
        for (int i = 0; i < hidden; i++) {
            squares += (window[from + i] - mean) * (window[from + i] - mean);
        }
        double scale = 1 / Math.sqrt(squares / hidden + epsilon);
        for (int i = 0; i < hidden; i++) {
            result[from + i] = (float) ((window[from + i] - mean) * scale * gain[i] + bias[i]);
        }
    }
}
