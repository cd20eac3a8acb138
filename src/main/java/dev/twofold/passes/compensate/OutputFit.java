package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.execution.HiddenStates;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Refits the last projections of all branches of a step together: with z what they read, side by side, and r what the
 * stream still lacks after the step, they are corrected by the ridge regression of r on z. A branch whose result passes
 * through a norm is not linear in z, and keeps its weights.
 */
record OutputFit(FitContext context) {

    /** @param target the stream that should come out */
    Step refit(List<Branch> branches, HiddenStates read, HiddenStates target) {
        int inputs = branches.stream().mapToInt(Projections::writerInputs).sum();
        NormalEquations fitted = new NormalEquations(inputs, read.hidden());
        NormalEquations heldOut = new NormalEquations(inputs, read.hidden());
        Step step = new Step(branches);
        context.eachBatch((from, to, held) -> {
            HiddenStates batch = read.part(from, to);
            List<HiddenStates> inner = branches.stream()
                    .filter(branch -> Projections.writer(branch).isPresent())
                    .map(branch -> context.engine().inner(context.decoder(), branch, batch))
                    .toList();
            HiddenStates residual = target.part(from, to).minus(context.engine().apply(context.decoder(), step, batch));
            (held ? heldOut : fitted).add(context.engine(), inner, residual);
        });
        RidgeChoice choice = context.chooseOutput(branches, fitted, heldOut, target.minus(read));
        if (choice.dropped()) {
            return step;
        }
        return corrected(branches, choice.correction());
    }

    /** Adds to each last projection its rows of a correction {@code [inputs, hidden]}. */
    private Step corrected(List<Branch> branches, DMatrixRMaj correction) {
        List<Branch> refitted = new ArrayList<>();
        int row = 0;
        for (Branch branch : branches) {
            Optional<Linear> writer = Projections.writer(branch);
            if (writer.isEmpty()) {
                refitted.add(branch);
                continue;
            }
            DMatrixRMaj weight = context.matrix(writer.get().weight());
            DMatrixRMaj rows = CommonOps_DDRM.extract(correction, row, row + weight.numCols, 0, weight.numRows);
            CommonOps_DDRM.addEquals(weight, CommonOps_DDRM.transpose(rows, null));
            refitted.add(context.withWriter(branch, weight));
            row += weight.numCols;
        }
        return new Step(refitted);
    }
}
