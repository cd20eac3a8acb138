package dev.twofold.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.analysis.LayerStreams;
import dev.twofold.pipeline.Sources;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A tiny checkpoint run over three windows of random tokens: as the analyses see it, and in float64. */
public final class TinyRun implements AutoCloseable {

    private final MappedFiles files = new MappedFiles();
    public final StepEngine engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), Provider.CPU, 0);
    public final TextWindows text = TextWindows.cut(
            new TokenizedText(new Random(7).ints(64, 0, TinyLlama.VOCABULARY).toArray(), Optional.empty()), 24, 63);
    public final Decoder decoder;
    public final int layers;
    public final LayerStreams streams;
    public final ReferenceLlama reference;

    public TinyRun(TinyLlama tiny, Path directory) throws IOException {
        Path checkpoint = tiny.write(directory);
        decoder = Sources.SHIPPED.open(checkpoint).decoder();
        layers = decoder.facts().layers();
        streams = LayerStreams.run(engine, decoder, text, Progress.SILENT);
        reference = new ReferenceLlama(
                new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile()), StoredTensors.of(checkpoint));
    }

    /** In float64, the stream of a window before every layer and after the last. */
    public List<double[][]> exact(int window) {
        List<double[][]> places = new ArrayList<>();
        places.add(reference.embed(
                Arrays.stream(text.inputs().get(window)).asLongStream().toArray()));
        for (int layer = 0; layer < layers; layer++) {
            places.add(reference.run(places.get(layer), List.of(layer), false));
        }
        return places;
    }

    @Override
    public void close() {
        streams.close();
        engine.close();
        files.close();
    }
}
