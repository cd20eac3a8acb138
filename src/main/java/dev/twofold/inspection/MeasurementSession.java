package dev.twofold.inspection;

import dev.twofold.disk.FileHash;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.source.Source;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A model that is being measured: on a calibration text, and on a held-out one if there is one. */
public final class MeasurementSession implements AutoCloseable {

    /** Tokens of a window that places by themselves are measured on. */
    private static final int SCREENED = 128;

    private final MappedFiles files = new MappedFiles();
    private final StepEngine engine;
    private final TextMeasurement calibration;
    private final Optional<TextMeasurement> heldOut;
    private final TextMeasurement screening;

    public MeasurementSession(
            Source source, Passages passages, PairLayers.Form form, MeasurementCache cache, Host host) {
        engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device());
        SortedMap<String, String> conditions = new TreeMap<>(FileHash.byName(source.files()));
        conditions.put("provider", host.provider().toString());
        TextMeasurement.Subject subject = new TextMeasurement.Subject(source, conditions, form);
        calibration =
                new TextMeasurement(engine, subject, passages.calibration().windows(), cache, host.progress());
        screening = new TextMeasurement(
                engine, subject, passages.calibration().windows().beginnings(SCREENED), cache, host.progress());
        heldOut = passages.heldOut()
                .map(passage -> new TextMeasurement(engine, subject, passage.windows(), cache, host.progress()));
    }

    /** The beginnings of the calibration text's windows, on which places by themselves are measured. */
    TextMeasurement screening() {
        return screening;
    }

    /** The calibration text, and the held-out one if there is one. */
    List<TextMeasurement> texts() {
        return Stream.concat(Stream.of(calibration), heldOut.stream()).toList();
    }

    public TextMeasurement calibration() {
        return calibration;
    }

    public Optional<TextMeasurement> heldOut() {
        return heldOut;
    }

    @Override
    public void close() {
        heldOut.ifPresent(TextMeasurement::close);
        screening.close();
        calibration.close();
        engine.close();
        files.close();
    }
}
