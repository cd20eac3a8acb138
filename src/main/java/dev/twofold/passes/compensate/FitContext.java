package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.FitFinding;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;

/** What every fit of a pass shares: the text, the engine, and where refitted weights and findings go. */
public record FitContext(
        Decoder decoder, Calibration calibration, Compensate.Options options, Ridges ridges, Batches batches) {

    public FitContext(Decoder decoder, Calibration calibration, Compensate.Options options, Batches batches) {
        this(decoder, calibration, options, new Ridges(options), batches);
    }

    public DecoderEngine engine() {
        return calibration.engine();
    }

    /** The stream as a branch reads it: through its norm, if it has one. */
    public HiddenStates normalized(Optional<Norm> norm, HiddenStates states) {
        return norm.map(in -> new NormOf(in, engine()).apply(states)).orElse(states);
    }

    /** The stream after the last step as the head reads it. */
    public HiddenStates beforeHead(HiddenStates states) {
        return normalized(Optional.of(decoder.finalNorm()), states);
    }

    /** A weight in float64. */
    DMatrixRMaj matrix(Weight weight) {
        float[] values = engine().read(weight);
        DMatrixRMaj matrix = new DMatrixRMaj(
                Math.toIntExact(weight.shape().dim(0)),
                Math.toIntExact(weight.shape().dim(1)));
        for (int i = 0; i < values.length; i++) {
            matrix.data[i] = values[i];
        }
        return matrix;
    }

    /** A projection with a refitted weight, which is kept on disk. */
    Linear keep(Linear before, DMatrixRMaj weight, String name) {
        float[] values = new float[weight.data.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) weight.data[i];
        }
        return new Linear(calibration.spill().keep(name, before.weight().shape(), values), before.bias());
    }

    /** A branch with a refitted last projection. */
    Branch withWriter(Branch branch, DMatrixRMaj weight) {
        Linear writer = keep(
                branch.body().writer().orElseThrow(),
                weight,
                branch.body().kind() + " output of " + branch.origin().layers());
        return branch.withBody(branch.body().withWriter(writer));
    }

    /**
     * Errors of a fit on one kind of tokens.
     *
     * @param scale what the errors are to be judged by
     */
    record Errors(double before, double after, double scale) {
        double shareBefore() {
            return scale == 0 ? 0 : before / scale;
        }

        double shareAfter() {
            return scale == 0 ? 0 : after / scale;
        }
    }

    void report(List<Integer> layers, String what, double ridge, Errors fitted, Errors heldOut) {
        calibration
                .findings()
                .accept(new FitFinding(
                        layers,
                        what,
                        ridge,
                        fitted.shareBefore(),
                        fitted.shareAfter(),
                        heldOut.shareBefore(),
                        heldOut.shareAfter()));
    }

    /**
     * Chooses and reports a fit of what the branches of a step add to the stream.
     *
     * @param fitted sums over the tokens that ridges are tried on, and {@code heldOut} over those that they are judged by
     * @return with a correction that is fitted to all of them; {@code fitted} has their sums then
     */
    <S extends LeastSquares<S>> RidgeChoice chooseOutput(List<Branch> branches, S fitted, S heldOut) {
        RidgeChoice choice = RidgeChoice.best(ridges.next(), fitted, heldOut);
        Errors judged = new Errors(heldOut.error(), choice.heldOut(), heldOut.reached());
        fitted.add(heldOut);
        RidgeChoice all = choice.onAll(fitted);
        double after = all.dropped() ? fitted.error() : fitted.error(all.correction());
        report(
                branches.stream()
                        .flatMap(branch -> branch.origin().layers().stream())
                        .distinct()
                        .toList(),
                Projections.describe(new Step(branches)) + " output",
                all.ridge(),
                new Errors(fitted.error(), after, fitted.reached()),
                judged);
        return all;
    }
}
