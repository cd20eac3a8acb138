package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.pass.HiddenStates;
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
            DMatrixRMaj weight = context.matrix(
                    Projections.of(branches.get(i).body()).writer().weight());
            ScaleFit.apply(factors, i, weight);
            Branch scaled = context.withWriter(branches.get(i), weight);
            refitted.add(scaled.withBody(withScaledBias(scaled.body(), factors, i)));
        }
        return new Step(refitted);
    }

    /** What a branch adds is scaled whole, its bias included. */
    private Operator withScaledBias(Operator body, DMatrixRMaj factors, int branch) {
        Projections projections = Projections.of(body);
        Linear writer = projections.writer();
        if (writer.bias().isEmpty()) {
            return body;
        }
        Weight bias = writer.bias().get();
        float[] values = context.engine().read(bias);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * (1 + factors.get(i, branch)));
        }
        Weight scaled = context.calibration().spill().keep("bias of a rescaled output", bias.shape(), values);
        return Projections.replace(body, projections.readers(), new Linear(writer.weight(), Optional.of(scaled)));
    }
}
