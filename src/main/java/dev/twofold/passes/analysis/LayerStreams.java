package dev.twofold.passes.analysis;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.measure.TextWindows;
import java.util.List;

/** The residual stream of the original model before every layer and after the last, over a calibration text. */
public final class LayerStreams implements AutoCloseable {

    private final List<LayerGroup> layers;
    private final TextWindows text;
    private final StreamArchive archive;

    private LayerStreams(List<LayerGroup> layers, TextWindows text, StreamArchive archive) {
        this.layers = layers;
        this.text = text;
        this.archive = archive;
    }

    /** Runs every layer once. */
    public static LayerStreams run(DecoderEngine engine, Decoder decoder, TextWindows text, Progress progress) {
        List<LayerGroup> layers = LayerGroup.of(decoder);
        LayerStreams streams = new LayerStreams(layers, text, engine.archive());
        progress.begin("running the original", layers.size(), Progress.Unit.LAYERS);
        HiddenStates stream = engine.embed(decoder, text.inputs());
        for (int layer = 0; layer < layers.size(); layer++) {
            streams.archive.put(layer, stream);
            for (Step step : layers.get(layer).steps()) {
                stream = engine.apply(decoder, step, stream);
            }
            progress.advance(1);
        }
        streams.archive.put(layers.size(), stream);
        progress.end();
        return streams;
    }

    /** The layers, each a group of its own. */
    public List<LayerGroup> layers() {
        return layers;
    }

    public TextWindows text() {
        return text;
    }

    /** The stream that layer {@code layer} reads; for the number of layers, that which the head reads. */
    public HiddenStates before(int layer) {
        return archive.get(layer);
    }

    /** One window of {@link #before}, {@code [tokens, hidden]} row-major. */
    float[] window(int layer, int window) {
        return archive.window(layer, window);
    }

    @Override
    public void close() {
        archive.close();
    }
}
