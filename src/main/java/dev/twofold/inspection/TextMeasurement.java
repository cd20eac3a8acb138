package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenHash;
import dev.twofold.passes.analysis.LayerDependency;
import dev.twofold.passes.analysis.LayerStreams;
import dev.twofold.passes.analysis.PlanMeasure;
import dev.twofold.passes.analysis.PlanScores;
import dev.twofold.passes.analysis.StreamSimilarity;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.report.Measurements;
import dev.twofold.source.Source;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Measures a model on a text, and remembers. What is known already, from a file or from before, is not measured
 * again; the engine does nothing until something has to be.
 */
public final class TextMeasurement implements PlanScores, AutoCloseable {

    /** To be raised whenever the same subject would measure differently. */
    private static final String METHOD = "6";

    private final DecoderEngine engine;
    private final Subject subject;
    private final Decoder decoder;
    private final TextWindows text;
    private final MeasurementCache cache;
    private final Progress progress;
    private Measurements measurements;
    private @Nullable LayerStreams streams;
    private @Nullable PlanMeasure measure;
    private int measured;

    public TextMeasurement(
            DecoderEngine engine, Subject subject, TextWindows text, MeasurementCache cache, Progress progress) {
        this.engine = engine;
        this.subject = subject;
        this.decoder = subject.source().decoder();
        this.text = text;
        this.cache = cache;
        this.progress = progress;
        this.measurements = cache.read(subject.key(text));
    }

    /**
     * What is measured.
     *
     * @param conditions what else scores depend on, by name: the hashes of the model's files, the provider
     * @param form how the layers of a group run
     */
    public record Subject(Source source, SortedMap<String, String> conditions, PairLayers.Form form) {

        private SortedMap<String, String> key(TextWindows text) {
            SortedMap<String, String> key = new TreeMap<>();
            key.put("method", METHOD);
            key.put("form", form.toString());
            key.put("tokens", TokenHash.of(text));
            key.putAll(conditions);
            return key;
        }
    }

    @Override
    public PlanScore score(Plan plan) {
        PlanScore known = measurements.plans().get(plan.toString());
        if (known != null) {
            return known;
        }
        PlanScore score = measure().score(plan);
        keep(plan.toString(), score);
        return score;
    }

    /** The score that is remembered under a name. */
    Optional<PlanScore> known(String name) {
        return Optional.ofNullable(measurements.plans().get(name));
    }

    /** Remembers what somebody else measured. */
    void keep(String name, PlanScore score) {
        measurements.plans().put(name, score);
        measured++;
    }

    /**
     * Measures a rewritten decoder.
     *
     * @param name what was done to the original, under which the score is remembered
     * @param runner of the decoder
     */
    PlanScore score(String name, Decoder rewritten, DecoderEngine runner) {
        PlanScore score = measure().score(rewritten, runner);
        keep(name, score);
        return score;
    }

    /**
     * Measures the original with some neighbouring layers replaced.
     *
     * @param name what was done to them, under which the score is remembered
     * @param runner of what is in their place
     */
    PlanScore score(String name, LayerGroup replaced, DecoderEngine runner) {
        PlanScore score = measure().score(replaced, runner);
        keep(name, score);
        return score;
    }

    /**
     * The original's score.
     *
     * @throws TwofoldException of kind INPUT if its loss is no finite number
     */
    public PlanScore base() {
        Plan none = Plan.none(layerCount());
        if (known(none.toString()).isEmpty()) {
            streams(progress);
        }
        PlanScore base = score(none);
        if (!Double.isFinite(base.loss())) {
            throw TwofoldException.input("the model computes something else than finite numbers")
                    .at(subject.source().path().toString())
                    .found("a loss of " + base.loss())
                    .hint("download the checkpoint again: a weight may be broken, or too large for float32");
        }
        return base;
    }

    /** Number of layers in the checkpoint. */
    public int layerCount() {
        return decoder.facts().layers();
    }

    /** Similarity, influence and dependency of the layers. */
    public LayerFindings layers() {
        LayerFindings known = measurements.layers();
        if (known != null) {
            return known;
        }
        // Fails on a model whose findings would mean nothing.
        base();
        StreamSimilarity similarity =
                StreamSimilarity.of(streams(progress), decoder.facts().hiddenSize(), progress);
        LayerDependency dependency = dependency();
        LayerFindings findings = new LayerFindings(
                similarity.cosine(),
                similarity.angular(),
                similarity.cka(),
                dependency.change(),
                similarity.influence(),
                similarity.distance());
        measurements = new Measurements(measurements.subject(), measurements.plans(), findings);
        measured++;
        save();
        return findings;
    }

    private LayerDependency dependency() {
        try (LayerStreams few = LayerStreams.run(engine, decoder, text.few(), Progress.SILENT)) {
            return LayerDependency.of(engine, decoder, few, progress);
        }
    }

    /** @param heard hears of the run; nothing where another task is under way */
    private LayerStreams streams(Progress heard) {
        if (streams == null) {
            streams = LayerStreams.run(engine, decoder, text, heard);
        }
        return streams;
    }

    private PlanMeasure measure() {
        if (measure == null) {
            measure = new PlanMeasure(engine, decoder, streams(Progress.SILENT), subject.form());
        }
        return measure;
    }

    /** How many results were measured, and not known before. */
    public int measured() {
        return measured;
    }

    DecoderEngine engine() {
        return engine;
    }

    /** How many plans' scores are known. */
    public int plansKnown() {
        return measurements.plans().size();
    }

    public TextWindows text() {
        return text;
    }

    /** Keeps what was measured for another time. */
    public void save() {
        cache.write(measurements, measured > 0);
    }

    /** Gives back what measuring takes. Scores are kept, and what is not known yet is measured anew. */
    void rest() {
        if (measure != null) {
            measure.close();
            measure = null;
        }
        if (streams != null) {
            streams.close();
            streams = null;
        }
    }

    @Override
    public void close() {
        try {
            save();
        } finally {
            rest();
        }
    }
}
