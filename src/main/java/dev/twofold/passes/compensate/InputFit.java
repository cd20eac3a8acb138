package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Linear;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.passes.compensate.Batches.Batch;
import dev.twofold.passes.compensate.FitContext.Errors;
import dev.twofold.passes.compensate.Streams.Kept;
import java.util.ArrayList;
import java.util.List;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Refits the projections that read a norm: with n what a branch reads now, t what its layer read in the original, and
 * {@code D} the ridge regression of {@code t - n} on n, each becomes {@code W (I + D^T)}. What it makes of n is then as near as can be to
 * what it made of t.
 */
public record InputFit(FitContext context) {

    /**
     * The branch with refitted readers.
     *
     * @param read what it reads
     * @param was what it read in the original
     */
    public Branch refit(Branch branch, Kept read, Kept was) {
        if (!Projections.refittable(branch.body()) || read == was) {
            return branch;
        }
        int hidden = context.decoder().facts().hiddenSize();
        Sums fitted = new Sums(context.engine(), hidden);
        Sums heldOut = new Sums(context.engine(), hidden);
        for (Batch batch : context.batches().all()) {
            HiddenStates now = context.normalized(branch.in(), read.get(batch));
            HiddenStates lacking =
                    context.normalized(branch.in(), was.get(batch)).minus(now);
            (batch.heldOut() ? heldOut : fitted).add(context, now, lacking);
        }
        if (fitted.equations.error() + heldOut.equations.error() == 0) {
            return branch;
        }
        List<DMatrixRMaj> matrices = branch.body().readers().stream()
                .map(reader -> context.matrix(reader.weight()))
                .toList();
        DMatrixRMaj all = CommonOps_DDRM.concatRowsMulti(matrices.toArray(DMatrixRMaj[]::new));
        RidgeChoice choice = RidgeChoice.best(
                context.ridges().next(),
                fitted.equations::solve,
                correction -> heldOut.seen(correction, all),
                heldOut.seen(all));
        Errors judged = new Errors(heldOut.seen(all), choice.heldOut(), heldOut.reached(all));
        fitted.add(heldOut);
        RidgeChoice whole = choice.onAll(fitted.equations);
        double after = whole.dropped() ? fitted.seen(all) : fitted.seen(whole.correction(), all);
        context.report(
                branch.origin().layers(),
                branch.body().kind() + " " + String.join(", ", branch.body().readerNames()),
                whole.ridge(),
                new Errors(fitted.seen(all), after, fitted.reached(all)),
                judged);
        if (whole.dropped()) {
            return branch;
        }
        return refitted(branch, matrices, whole.correction());
    }

    private Branch refitted(Branch branch, List<DMatrixRMaj> matrices, DMatrixRMaj correction) {
        Products products = new Products(context.engine());
        DMatrixRMaj transposed = CommonOps_DDRM.transpose(correction, null);
        List<Linear> readers = new ArrayList<>();
        for (int i = 0; i < matrices.size(); i++) {
            DMatrixRMaj refitted = matrices.get(i).copy();
            CommonOps_DDRM.addEquals(refitted, products.of(matrices.get(i), transposed));
            String name = branch.body().readerNames().get(i) + " of "
                    + branch.origin().layers();
            readers.add(context.keep(branch.body().readers().get(i), refitted, name));
        }
        return branch.withBody(branch.body().withReaders(readers));
    }

    /** Sums over tokens. */
    private static final class Sums {
        private final Products products;
        private final NormalEquations equations;
        /** {@code E^T E} of what is lacking. */
        private final DMatrixRMaj targets;
        /** {@code T^T T} of what is to be reached. */
        private final DMatrixRMaj total;

        Sums(DecoderEngine engine, int hidden) {
            products = new Products(engine);
            equations = new NormalEquations(engine, hidden, hidden);
            targets = new DMatrixRMaj(hidden, hidden);
            total = new DMatrixRMaj(hidden, hidden);
        }

        void add(FitContext context, HiddenStates inputs, HiddenStates residual) {
            HiddenStates reached = inputs.plus(residual);
            equations.add(List.of(inputs), residual, reached);
            context.engine().addProduct(residual, residual, targets.data);
            context.engine().addProduct(reached, reached, total.data);
        }

        void add(Sums other) {
            equations.add(other.equations);
            CommonOps_DDRM.addEquals(targets, other.targets);
            CommonOps_DDRM.addEquals(total, other.total);
        }

        /** The error as projections {@code [rows, hidden]} see it. */
        double seen(DMatrixRMaj projections) {
            return quadratic(targets, projections);
        }

        double seen(DMatrixRMaj correction, DMatrixRMaj projections) {
            return equations.error(correction, projections, targets);
        }

        /** Sum of the squares of what projections should make. */
        double reached(DMatrixRMaj projections) {
            return quadratic(total, projections);
        }

        /** {@code trace(W S W^T)}. */
        private double quadratic(DMatrixRMaj sums, DMatrixRMaj projections) {
            return NormalEquations.dot(products.of(projections, sums), projections);
        }
    }
}
