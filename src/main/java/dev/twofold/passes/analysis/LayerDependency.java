package dev.twofold.passes.analysis;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;

/**
 * How much layer b needs what layer a wrote: with c_a what layer a added to the stream, x_b the stream that layer b reads,
 * and f_b(x) what layer b adds to a stream x,
 *
 * <pre>
 * change(b, a) = |f_b(x_b - c_a) - f_b(x_b)| / |f_b(x_b)|
 * </pre>
 *
 * over the tokens of a text, for every a before b; after the block dependency of FFN Fusion (arXiv 2503.18908), which takes a cosine
 * distance. A layer that adds nothing depends on nothing.
 *
 * @param change {@code [b][a]}; only entries with {@code a < b} mean something
 */
public record LayerDependency(double[][] change) {

    /** @param streams over a short text: every layer runs once for each before it */
    public static LayerDependency of(DecoderEngine engine, Decoder decoder, LayerStreams streams, Progress progress) {
        int layers = streams.layers().size();
        double[][] change = new double[layers][layers];
        progress.begin("dependency", layers * (layers - 1L) / 2, Progress.Unit.RUNS);
        for (int b = 1; b < layers; b++) {
            HiddenStates read = streams.before(b);
            HiddenStates added = streams.before(b + 1).minus(read);
            double scale = added.energy();
            for (int a = 0; a < b; a++) {
                HiddenStates without = read.minus(streams.before(a + 1).minus(streams.before(a)));
                HiddenStates stream = without;
                for (Step step : streams.layers().get(b).steps()) {
                    stream = engine.apply(decoder, step, stream);
                }
                double rest = stream.minus(without).minus(added).energy();
                change[b][a] = scale == 0 ? 0 : Math.sqrt(rest / scale);
                progress.advance(1);
            }
        }
        progress.end();
        return new LayerDependency(change);
    }
}
