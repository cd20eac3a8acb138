package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Step;
import dev.twofold.pass.HiddenStates;
import java.util.ArrayList;
import java.util.List;
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
        RidgeChoice choice =
                RidgeChoice.best(context.options().ridges(), fitted::solve, heldOut::error, heldOut.error());
        context.reportOutput(branches, choice, fitted, heldOut, target.minus(read));
        if (choice.dropped()) {
            return new Step(branches);
        }
        fitted.add(heldOut);
        return scaled(branches, fitted.solve(choice.ridge()));
    }

    private Step scaled(List<Branch> branches, DMatrixRMaj factors) {
        List<Branch> refitted = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            DMatrixRMaj weight = context.matrix(
                    Projections.of(branches.get(i).body()).writer().weight());
            ScaleFit.apply(factors, i, weight);
            refitted.add(context.withWriter(branches.get(i), weight));
        }
        return new Step(refitted);
    }
}
