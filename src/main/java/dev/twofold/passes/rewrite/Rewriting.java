package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Step;
import java.util.List;
import java.util.function.UnaryOperator;

/** Applies a rewrite to every step, those inside chains included. */
final class Rewriting {

    private Rewriting() {}

    /** The steps after {@code rewrite}, which sees the steps inside a chain before the step that holds it. */
    static List<Step> everyStep(List<Step> steps, UnaryOperator<Step> rewrite) {
        return steps.stream()
                .map(step -> rewrite.apply(new Step(step.branches().stream()
                        .map(branch -> insideChain(branch, rewrite))
                        .toList())))
                .toList();
    }

    private static Branch insideChain(Branch branch, UnaryOperator<Step> rewrite) {
        return branch.withBody(branch.body().withSteps(steps -> everyStep(steps, rewrite)));
    }
}
