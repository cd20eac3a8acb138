package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Step;
import dev.twofold.passes.compensate.Streams.Kept;
import java.util.ArrayList;
import java.util.List;

/**
 * Refits the weights of one step whose branches read another stream than the layers they came from did: first, branch
 * by branch, what reads that stream ({@link InputFit}), then, together, what writes the next ({@link OutputFit}); or only scales what
 * is written ({@link Rescaling}).
 *
 * <p>The ridge is the one of a short list that does best on tokens that are held out; if none is better there than leaving
 * the weights alone, they are left alone. Once it is chosen, weights are fitted to all tokens.
 */
record StepFit(FitContext context) {

    /**
     * The step with refitted weights.
     *
     * @param read what the step's branches read
     * @param were what each branch read in the original
     * @param target the stream that should come out
     */
    Step refit(Step step, Kept read, List<Kept> were, Kept target) {
        Compensate.Options options = context.options();
        if (options.method() == Compensate.Method.RESCALE) {
            return new Rescaling(context).refit(step.branches(), read, target);
        }
        List<Branch> branches = new ArrayList<>(step.branches());
        if (options.side() != Compensate.Side.OUTPUT) {
            for (int i = 0; i < branches.size(); i++) {
                branches.set(i, new InputFit(context).refit(branches.get(i), read, were.get(i)));
            }
        }
        return options.side() == Compensate.Side.INPUT || !FitSize.of(step).fits(options)
                ? new Step(branches)
                : new OutputFit(context).refit(branches, read, target);
    }
}
