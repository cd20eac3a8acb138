package dev.twofold.passes.compensate;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.execution.HiddenStates;
import dev.twofold.passes.compensate.Batches.Batch;
import dev.twofold.passes.compensate.Streams.Kept;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;

/** Scales every channel that a branch adds to by a factor of its own, folded into the rows of its last projection. */
final class Rescaling {

    private final FitContext context;

    Rescaling(FitContext context) {
        this.context = context;
    }

    /** @param target the stream that should come out */
    Step refit(List<Branch> branches, Kept read, Kept target) {
        int hidden = context.decoder().facts().hiddenSize();
        ScaleFit fitted = new ScaleFit(branches.size(), hidden);
        ScaleFit heldOut = new ScaleFit(branches.size(), hidden);
        for (Batch batch : context.batches().all()) {
            HiddenStates before = read.get(batch);
            HiddenStates wanted = target.get(batch).minus(before);
            List<HiddenStates> added = branches.stream()
                    .map(branch -> context.engine()
                            .apply(context.decoder(), Step.of(branch), before)
                            .minus(before))
                    .toList();
            (batch.heldOut() ? heldOut : fitted).add(added, wanted);
        }
        RidgeChoice choice = context.chooseOutput(branches, fitted, heldOut);
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
        return branch.body().writer().isPresent()
                ? scaledWriter(branch, factors, column)
                : branch.withBody(branch.body().match(new Inside(branch, factors, column)));
    }

    private Branch scaledWriter(Branch branch, DMatrixRMaj factors, int column) {
        Linear writer = branch.body().writer().orElseThrow();
        DMatrixRMaj weight = context.matrix(writer.weight());
        ScaleFit.apply(factors, column, weight);
        Branch scaled = context.withWriter(branch, weight);
        Linear refitted = scaled.body().writer().orElseThrow();
        Optional<Weight> bias = writer.bias().map(values -> scaled(values, factors, column));
        return scaled.withBody(scaled.body().withWriter(new Linear(refitted.weight(), bias)));
    }

    /** The projections of operators whose result does not come out of one. */
    private final class Inside implements Operator.Cases<Operator> {

        private final Branch branch;
        private final DMatrixRMaj factors;
        private final int column;

        Inside(Branch branch, DMatrixRMaj factors, int column) {
            this.branch = branch;
            this.factors = factors;
            this.column = column;
        }

        @Override
        public Operator attention(Attention attention) {
            return scaledWriter(branch.withBody(attention), factors, column).body();
        }

        @Override
        public FeedForward feedForward(FeedForward feedForward) {
            return (FeedForward)
                    scaledWriter(branch.withBody(feedForward), factors, column).body();
        }

        @Override
        public Operator experts(Experts experts) {
            return experts.withExperts(
                    experts.experts().stream().map(this::feedForward).toList());
        }

        @Override
        public Operator chain(Chain chain) {
            throw new IllegalStateException("a chain was checked to be none");
        }
    }

    private Weight scaled(Weight vector, DMatrixRMaj factors, int column) {
        float[] values = context.engine().read(vector);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * (1 + factors.get(i, column)));
        }
        return context.calibration().spill().keep("vector of a rescaled output", vector.shape(), values);
    }
}
