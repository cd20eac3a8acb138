package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.execution.HiddenStates;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;

/** Scales every channel that a branch adds to by a factor of its own, folded into the rows of its last projection. */
record Rescaling(FitContext context) {

    /** @param target the stream that should come out */
    Step refit(List<Branch> branches, HiddenStates read, HiddenStates target) {
        ScaleFit fitted = new ScaleFit(branches.size(), read.hidden());
        ScaleFit heldOut = new ScaleFit(branches.size(), read.hidden());
        context.eachBatch((from, to, held) -> {
            HiddenStates batch = read.part(from, to);
            HiddenStates residual = target.part(from, to).minus(batch);
            List<HiddenStates> added = new ArrayList<>();
            for (Branch branch : branches) {
                HiddenStates addition = context.engine()
                        .apply(context.decoder(), Step.of(branch), batch)
                        .minus(batch);
                residual = residual.minus(addition);
                added.add(addition);
            }
            (held ? heldOut : fitted).add(added, residual);
        });
        RidgeChoice choice = context.chooseOutput(branches, fitted, heldOut, target.minus(read));
        if (choice.dropped()) {
            return new Step(branches);
        }
        return scaled(branches, choice.correction());
    }

    private Step scaled(List<Branch> branches, DMatrixRMaj factors) {
        List<Branch> refitted = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            refitted.add(scaled(branches.get(i), factors, i));
        }
        return new Step(refitted);
    }

    /** What a branch adds is scaled whole, its bias included; where that is the result of a norm, by the norm's gain. */
    private Branch scaled(Branch branch, DMatrixRMaj factors, int column) {
        if (branch.out().isPresent()) {
            Norm out = branch.out().get();
            Norm scaled = out.withGain(
                    scaled(out.gain(), factors, column), out.bias().map(bias -> scaled(bias, factors, column)));
            return new Branch(branch.in(), branch.body(), Optional.of(scaled), branch.origin());
        }
        if (branch.body() instanceof Experts experts) {
            return branch.withBody(experts.withExperts(experts.experts().stream()
                    .map(expert -> scaled(branch.withBody(expert), factors, column))
                    .map(scaled -> (FeedForward) scaled.body())
                    .toList()));
        }
        Linear writer = Projections.writer(branch).orElseThrow();
        DMatrixRMaj weight = context.matrix(writer.weight());
        ScaleFit.apply(factors, column, weight);
        Branch scaled = context.withWriter(branch, weight);
        Linear refitted = Projections.writer(scaled).orElseThrow();
        Optional<Weight> bias = writer.bias().map(values -> scaled(values, factors, column));
        return scaled.withBody(Projections.withWriter(scaled.body(), new Linear(refitted.weight(), bias)));
    }

    private Weight scaled(Weight vector, DMatrixRMaj factors, int column) {
        float[] values = context.engine().read(vector);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * (1 + factors.get(i, column)));
        }
        return context.calibration().spill().keep("vector of a rescaled output", vector.shape(), values);
    }
}
