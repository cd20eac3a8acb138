package dev.twofold.inspection;

import dev.twofold.disk.FileHash;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.source.Source;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** A model that is being measured: on a calibration text, and on a held-out one if there is one. */
public final class MeasurementSession implements AutoCloseable {

    private final MappedFiles files = new MappedFiles();
    private final StepEngine engine;
    private final TextMeasurement calibration;
    private final Optional<TextMeasurement> heldOut;
    private final TextMeasurement screening;
    private final Function<TextWindows, TextMeasurement> measuring;

    public MeasurementSession(
            Source source, Passages passages, PairLayers.Form form, MeasurementCache cache, Host host) {
        // In float32 the fused attention has no kernel for CUDA.
        PlainLowering graphs = host.provider().isCpu() ? PlainLowering.fused() : new PlainLowering();
        engine = new StepEngine(graphs, new WeightEvaluator(files), host.provider(), host.device());
        TextMeasurement.Subject subject = subject(source, form, host);
        measuring = text -> new TextMeasurement(engine, subject, text, cache, host.progress());
        calibration = measuring.apply(passages.calibration().windows());
        TextWindows windows = passages.calibration().windows();
        TextWindows few = windows.few();
        // Of one text there is one measurement: two would each keep what the other does not know.
        screening = few.tokens() == windows.tokens() ? calibration : measuring.apply(few);
        heldOut = passages.heldOut().map(passage -> measuring.apply(passage.windows()));
    }

    /** What measurements of a model are kept under. */
    static TextMeasurement.Subject subject(Source source, PairLayers.Form form, Host host) {
        SortedMap<String, String> conditions = new TreeMap<>(FileHash.byName(source.files()));
        conditions.put("provider", host.provider().toString());
        return new TextMeasurement.Subject(source, conditions, form);
    }

    /** A few of the calibration text's windows, on which places by themselves are measured. */
    TextMeasurement screening() {
        return screening;
    }

    /** Gives back the memory that measuring places took, until the next ones are measured. */
    void screened() {
        if (screening != calibration) {
            screening.rest();
        }
    }

    /** Measures on some other text, which the caller closes before this session. */
    TextMeasurement on(TextWindows text) {
        return measuring.apply(text);
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
        if (screening != calibration) {
            screening.close();
        }
        calibration.close();
        engine.close();
        files.close();
    }
}
