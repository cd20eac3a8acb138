package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which projections of branches can be refitted, and what to call them. */
final class Projections {

    private Projections() {}

    /** Whether an operator is made of one projection after others, all of which can be refitted. */
    static boolean refittable(Operator operator) {
        return operator.writer().isPresent();
    }

    /** The operators of a step that can be refitted, for messages. */
    static String describe(Step step) {
        return step.branches().stream()
                .map(Branch::body)
                .filter(Projections::refittable)
                .map(operator -> operator.kind().toString())
                .distinct()
                .collect(Collectors.joining(" and "));
    }

    /** The last projection of a branch whose output is added to the stream as it is: what an output fit is linear in. */
    static Optional<Linear> writer(Branch branch) {
        return branch.out().isPresent() ? Optional.empty() : branch.body().writer();
    }

    /** Why the output of a step is not refitted at all. */
    static String whyNot(Step step) {
        return step.branches().stream().anyMatch(branch -> branch.out().isPresent())
                ? "what they add passes through a norm first, where a fit of the output has no closed form, so only inputs"
                        + " are refitted"
                : "experts are not refitted: which of them a token gets would change with what is fitted";
    }

    /** Inputs of the last projection of a branch, none if it cannot be refitted. */
    static int writerInputs(Branch branch) {
        return writer(branch)
                .map(writer -> Math.toIntExact(writer.weight().shape().dim(1)))
                .orElse(0);
    }
}
