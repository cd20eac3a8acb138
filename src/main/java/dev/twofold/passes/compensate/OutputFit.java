package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.execution.HiddenStates;
import dev.twofold.passes.compensate.Batches.Batch;
import dev.twofold.passes.compensate.Streams.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Refits the last projections of all branches of a step together: with z what they read, side by side, and r what they should
 * add to the stream for the target to come out, they are corrected by the ridge regression on z of what r still lacks. A branch
 * that is not linear in such a z, because its result passes through a norm or out of experts, keeps its weights, and is taken off r.
 */
public record OutputFit(FitContext context) {

    /**
     * A step of these branches with refitted last projections.
     *
     * @param read what they read
     * @param target the stream that should come out
     */
    public Step refit(List<Branch> branches, Kept read, Kept target) {
        List<Branch> linear = branches.stream()
                .filter(branch -> Projections.writer(branch).isPresent())
                .toList();
        int inputs = linear.stream().mapToInt(Projections::writerInputs).sum();
        int hidden = context.decoder().facts().hiddenSize();
        NormalEquations fitted = new NormalEquations(context.engine(), inputs, hidden);
        NormalEquations heldOut = new NormalEquations(context.engine(), inputs, hidden);
        for (Batch batch : context.batches().all()) {
            HiddenStates before = read.get(batch);
            List<HiddenStates> inner = linear.stream()
                    .map(branch -> context.engine().inner(context.decoder(), branch, before))
                    .toList();
            HiddenStates added = target.get(batch).minus(before);
            (batch.heldOut() ? heldOut : fitted).add(inner, withoutOthers(branches, before, added), added);
        }
        DMatrixRMaj weights = weights(linear);
        RidgeChoice choice = context.chooseOutput(branches, fitted.less(weights), heldOut.less(weights));
        return choice.dropped() ? new Step(branches) : corrected(branches, choice.correction());
    }

    /** What is left for the last projections to make: what should be added, without their biases and the other branches. */
    private HiddenStates withoutOthers(List<Branch> branches, HiddenStates before, HiddenStates added) {
        HiddenStates rest = added;
        for (Branch branch : branches) {
            Optional<Linear> writer = Projections.writer(branch);
            if (writer.isEmpty()) {
                HiddenStates after = context.engine().apply(context.decoder(), Step.of(branch), before);
                rest = rest.minus(after.minus(before));
            } else if (writer.get().bias().isPresent()) {
                rest = rest.minusRow(context.engine().read(writer.get().bias().get()));
            }
        }
        return rest;
    }

    /** The last projections as they are, {@code [inputs of all of them, hidden]}. */
    private DMatrixRMaj weights(List<Branch> linear) {
        DMatrixRMaj[] transposed = linear.stream()
                .map(branch -> CommonOps_DDRM.transpose(
                        context.matrix(branch.body().writer().orElseThrow().weight()), null))
                .toArray(DMatrixRMaj[]::new);
        return CommonOps_DDRM.concatRowsMulti(transposed);
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
