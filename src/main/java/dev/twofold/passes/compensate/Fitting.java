package dev.twofold.passes.compensate;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.pass.Calibration;
import dev.twofold.passes.compensate.Batches.Batch;
import dev.twofold.passes.compensate.StepOrigins.Term;
import dev.twofold.passes.compensate.Streams.Kept;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The two streams, the original's and that of the refitted model, on their way from group to group. */
final class Fitting implements AutoCloseable {

    private final Decoder decoder;
    private final DecoderEngine engine;
    private final FitContext context;
    private final StepFit fit;
    private final Streams streams;
    private Kept original;
    private Kept compiled;

    Fitting(Decoder decoder, Calibration calibration, Compensate.Options options) {
        this.decoder = decoder;
        this.engine = calibration.engine();
        this.streams = new Streams(engine.archive(), Batches.of(calibration));
        this.context = new FitContext(decoder, calibration, options, streams.batches());
        this.fit = new StepFit(context);
        this.original = streams.empty();
        for (Batch batch : streams.batches().all()) {
            original.put(batch, engine.embed(decoder, calibration.windows().subList(batch.from(), batch.to())));
        }
        this.compiled = original;
    }

    /** Where another is, with tools of its own. */
    private Fitting(Fitting other, Calibration calibration) {
        this.decoder = other.decoder;
        this.engine = calibration.engine();
        this.streams = other.streams;
        this.context = new FitContext(decoder, calibration, other.context.options(), streams.batches());
        this.fit = new StepFit(context);
        this.original = other.original;
        this.compiled = other.original;
    }

    /**
     * A group refitted as if it were the next of the stream and everything before it untouched; this stays where it is.
     *
     * @param calibration of the same text
     */
    LayerGroup trial(LayerGroup group, Calibration calibration) {
        Fitting trial = new Fitting(this, calibration);
        Originals were =
                trial.new Originals(StepOrigins.of(group, decoder.facts().stepsPerLayer()));
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < group.steps().size(); i++) {
            if (i > 0) {
                trial.passOn(were, steps.get(i - 1));
            }
            steps.add(trial.refit(were, i));
        }
        were.releaseOwn();
        trial.original.release();
        if (trial.compiled != original) {
            trial.compiled.release();
        }
        return new LayerGroup(group.layers(), steps);
    }

    /** The next group of the stream, refitted if it is to be. */
    LayerGroup next(LayerGroup group) {
        StepOrigins origins = StepOrigins.of(group, decoder.facts().stepsPerLayer());
        boolean drifted = compiled != original;
        if (!origins.joins() && !(drifted && context.options().scope() == Compensate.Scope.ALL)) {
            original = moved(original, group.steps());
            compiled = drifted ? moved(compiled, group.steps()) : original;
            return group;
        }
        Originals were = new Originals(origins);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < group.steps().size(); i++) {
            steps.add(refit(were, i));
            passOn(were, steps.get(i));
        }
        were.releaseOwn();
        were.before.release();
        return new LayerGroup(group.layers(), steps);
    }

    /** A stream after some steps; what it was is not needed any more. */
    private Kept moved(Kept stream, List<Step> steps) {
        Kept after = after(stream, steps);
        stream.release();
        return after;
    }

    private Kept after(Kept stream, List<Step> steps) {
        return streams.map(stream, states -> run(steps, states));
    }

    private HiddenStates run(List<Step> steps, HiddenStates stream) {
        HiddenStates after = stream;
        for (Step step : steps) {
            after = engine.apply(decoder, step, after);
        }
        return after;
    }

    /** A step of a group, fitted to what the steps of the checkpoint did one after the other. */
    private Step refit(Originals were, int place) {
        Step step = were.origins.group().steps().get(place);
        return were.origins.joins(place) || context.options().scope() == Compensate.Scope.ALL
                ? fit.refit(step, compiled, were.read(place), were.targets.get(place))
                : step;
    }

    private void passOn(Originals were, Step step) {
        compiled = compiled == were.before ? after(compiled, List.of(step)) : moved(compiled, List.of(step));
    }

    /** What the steps of the checkpoint, one after the other, read and made in place of a group. */
    private final class Originals {
        private final StepOrigins origins;
        private final Kept before = original;
        /** By branch: the stream that it read. */
        private final Map<Term, Kept> read = new HashMap<>();
        /** By step of the group: the stream before the group, with what this step and those before it added. */
        private final List<Kept> targets = new ArrayList<>();

        private final List<Kept> own = new ArrayList<>();

        Originals(StepOrigins origins) {
            this.origins = origins;
            int last = origins.group().steps().size() - 1;
            List<List<Term>> steps = origins.steps();
            List<Kept> reads = new ArrayList<>();
            for (int i = 0; i < steps.size(); i++) {
                Kept stream = i == 0 ? before : mine();
                reads.add(stream);
                steps.get(i).forEach(term -> read.put(term, stream));
            }
            for (int i = 0; i < last; i++) {
                targets.add(mine());
            }
            Kept after = streams.empty();
            targets.add(after);
            for (Batch batch : streams.batches().all()) {
                run(batch, reads, last);
            }
            original = after;
        }

        private Kept mine() {
            Kept stream = streams.empty();
            own.add(stream);
            return stream;
        }

        private void run(Batch batch, List<Kept> reads, int last) {
            HiddenStates stream = before.get(batch);
            requireFinite(stream);
            HiddenStates[] reached = new HiddenStates[last];
            for (int i = 0; i < last; i++) {
                reached[i] = stream;
            }
            for (int i = 0; i < origins.steps().size(); i++) {
                List<Term> terms = origins.steps().get(i);
                if (i > 0) {
                    reads.get(i).put(batch, stream);
                }
                Step step = new Step(terms.stream().map(origins::branch).toList());
                HiddenStates after = engine.apply(decoder, step, stream);
                for (int later = terms.get(0).step(); later < last; later++) {
                    reached[later] = reached[later].plus(after.minus(stream));
                }
                stream = after;
            }
            for (int i = 0; i < last; i++) {
                targets.get(i).put(batch, reached[i]);
            }
            targets.get(last).put(batch, stream);
        }

        private void requireFinite(HiddenStates stream) {
            if (!Double.isFinite(stream.energy())) {
                throw TwofoldException.input("the model computes something else than finite numbers")
                        .at(decoder.facts().source())
                        .found("before layers " + origins.group().layers())
                        .hint("look for weights that are no finite numbers, or are too large for float32");
            }
        }

        /** What the branches of a step read. */
        List<Kept> read(int step) {
            int branches = origins.group().steps().get(step).branches().size();
            return Stream.iterate(0, i -> i < branches, i -> i + 1)
                    .map(branch -> read.get(new Term(step, branch)))
                    .toList();
        }

        void releaseOwn() {
            own.forEach(Kept::release);
        }
    }

    @Override
    public void close() {
        streams.close();
    }
}
