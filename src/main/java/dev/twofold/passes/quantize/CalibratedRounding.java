package dev.twofold.passes.quantize;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.MemorySize;
import dev.twofold.passes.compensate.Batches;
import dev.twofold.passes.compensate.Batches.Batch;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.compensate.FitContext;
import dev.twofold.passes.compensate.InputFit;
import dev.twofold.passes.compensate.OutputFit;
import dev.twofold.passes.compensate.Streams;
import dev.twofold.passes.compensate.Streams.Kept;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rounds a decoder front to back. The matrices of a step are rounded to what they multiply in the model that is rounded so far: first
 * those that read its norms, then, behind these, the last ones. With {@code refit}, each of the two is first refitted so that the step
 * makes of the rounded stream what it made of the original one: compensation, with the rounding of all before it for what is to be made
 * up for.
 */
final class CalibratedRounding implements AutoCloseable {

    private final Decoder decoder;
    private final DecoderEngine engine;
    private final Calibration calibration;
    private final MatrixRounding matrices;
    private final Rounding rounding;
    private final boolean refit;
    private final Rounders rounders;
    private final Streams streams;
    private final FitContext fit;

    CalibratedRounding(
            Decoder decoder,
            Calibration calibration,
            MatrixRounding matrices,
            Rounding rounding,
            boolean refit,
            MemorySize memory) {
        this.decoder = decoder;
        this.engine = calibration.engine();
        this.calibration = calibration;
        this.matrices = matrices;
        this.rounding = rounding;
        this.refit = refit;
        this.streams = new Streams(engine.archive(), Batches.of(calibration));
        this.rounders = new Rounders(calibration, rounding, memory, streams.batches());
        // What is found is what compensation found, by which it is repeated; these fits are small ones, and made again.
        Calibration unheard = new Calibration(
                engine,
                calibration.windows(),
                calibration.heldOut(),
                calibration.spill(),
                finding -> {},
                calibration.notices());
        this.fit = new FitContext(decoder, unheard, Compensate.Options.DEFAULT.with(null, memory), streams.batches());
    }

    Decoder round(Progress progress) {
        progress.begin("rounding", 2L * decoder.steps().size(), Progress.Unit.STEPS);
        Kept last = embedded(decoder);
        for (Step step : decoder.steps()) {
            last = moved(last, step);
            progress.advance(1);
        }
        Kept end = last;
        Rounder head = rounders.of(decoder.facts().hiddenSize(), batch -> fit.beforeHead(end.get(batch)));
        Decoder ends = new RoundedEnds(matrices).round(decoder, head);
        end.release();
        Walk walk = new Walk(ends);
        List<Step> rounded = new ArrayList<>();
        for (Step step : decoder.steps()) {
            rounded.add(walk.round(step));
            progress.advance(1);
        }
        progress.end();
        return ends.withSteps(rounded);
    }

    private Kept embedded(Decoder whose) {
        Kept stream = streams.empty();
        for (Batch batch : streams.batches().all()) {
            stream.put(batch, engine.embed(whose, calibration.windows().subList(batch.from(), batch.to())));
        }
        return stream;
    }

    private Kept after(Kept stream, Step step) {
        return streams.map(stream, states -> engine.apply(decoder, step, states));
    }

    private Kept moved(Kept stream, Step step) {
        Kept after = after(stream, step);
        stream.release();
        return after;
    }

    /** The two streams, the original's and that of the rounded model, on their way from step to step. */
    private final class Walk {
        private Kept original;
        private Kept rounded;

        Walk(Decoder ends) {
            original = embedded(decoder);
            rounded = embedded(ends);
        }

        Step round(Step step) {
            Kept target = after(original, step);
            List<Branch> branches = step.branches();
            if (refit) {
                branches = branches.stream()
                        .map(branch -> new InputFit(fit).refit(branch, rounded, original))
                        .toList();
            }
            branches = readers(branches);
            if (refit) {
                branches = new OutputFit(fit).refit(branches, rounded, target).branches();
            }
            Step result = new Step(branches.stream().map(this::writer).toList());
            original.release();
            original = target;
            rounded = moved(rounded, result);
            return result;
        }

        /** Branches that read one norm share the sums over what it makes. */
        private List<Branch> readers(List<Branch> branches) {
            Map<Norm, Rounder> byNorm = new HashMap<>();
            List<Branch> result = new ArrayList<>();
            for (Branch branch : branches) {
                Rounder rounder = branch.in()
                        .map(norm -> byNorm.computeIfAbsent(norm, this::behind))
                        .orElse(Rounder.NEAREST);
                Rounder inside = branch.body().writer().isPresent() ? Rounder.LATER : Rounder.NEAREST;
                result.add(RoundedOperators.round(matrices, branch, rounder, inside));
            }
            return result;
        }

        private Rounder behind(Norm norm) {
            return rounders.of(
                    decoder.facts().hiddenSize(), batch -> fit.normalized(Optional.of(norm), rounded.get(batch)));
        }

        private Branch writer(Branch branch) {
            return branch.body()
                    .writer()
                    .map(writer -> rounders.of(
                            writer.weight().shape().dim(1), batch -> engine.inner(decoder, branch, rounded.get(batch))))
                    .map(rounder -> RoundedOperators.round(matrices, branch, Rounder.LATER, rounder))
                    .orElse(branch);
        }
    }

    @Override
    public void close() {
        streams.close();
    }
}
