package dev.twofold.cli;

import dev.twofold.diag.Progress;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.pipeline.MeasurementCache;
import dev.twofold.pipeline.TextMeasurement;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.weight.WeightEvaluator;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A checkpoint that is being measured: on a calibration text, and on a held-out one if there is one. */
final class Measuring implements AutoCloseable {

    private final MappedFiles files = new MappedFiles();
    private final StepEngine engine;
    private final TextMeasurement calibration;
    private final Optional<TextMeasurement> heldOut;

    Measuring(
            Checkpoint checkpoint,
            MeasuringOptions.Passages passages,
            PairLayers.Form form,
            Models models,
            MeasurementCache cache,
            Progress progress) {
        engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), models.provider(), models.device());
        SortedMap<String, String> conditions = new TreeMap<>(FileHash.byName(checkpoint.sources()));
        conditions.put("provider", models.provider().toString());
        calibration = new TextMeasurement(
                engine, checkpoint, conditions, passages.calibration().windows(), form, cache, progress);
        heldOut = passages.heldOut()
                .map(passage ->
                        new TextMeasurement(engine, checkpoint, conditions, passage.windows(), form, cache, progress));
    }

    TextMeasurement calibration() {
        return calibration;
    }

    Optional<TextMeasurement> heldOut() {
        return heldOut;
    }

    @Override
    public void close() {
        heldOut.ifPresent(TextMeasurement::close);
        calibration.close();
        engine.close();
        files.close();
    }
}
