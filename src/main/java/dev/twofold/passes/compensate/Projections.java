package dev.twofold.passes.compensate;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The projections of an operator that can be refitted, by what they do.
 *
 * @param names of the readers
 * @param writer the one whose output is added to the stream
 */
record Projections(String operator, List<String> names, Linear writer) {

    /** None if the operator is not made of one projection after others. */
    static Optional<Projections> of(Operator operator) {
        if (operator instanceof Attention attention) {
            return Optional.of(new Projections("attention", List.of("q", "k", "v"), attention.output()));
        } else if (operator instanceof FeedForward feedForward) {
            List<String> names = feedForward.gate().isPresent() ? List.of("gate", "up") : List.of("up");
            return Optional.of(new Projections("feed-forward", names, feedForward.down()));
        }
        return Optional.empty();
    }

    /** The operators of a step, for messages. */
    static String describe(Step step) {
        return step.branches().stream()
                .flatMap(branch -> of(branch.body()).stream())
                .map(Projections::operator)
                .distinct()
                .collect(Collectors.joining(" and "));
    }

    /** The operator with another last projection. */
    static Operator withWriter(Operator operator, Linear writer) {
        if (operator instanceof Attention attention) {
            return attention.withOutput(writer);
        } else if (operator instanceof FeedForward feedForward) {
            return feedForward.withDown(writer);
        }
        throw new IllegalArgumentException("no last projection in " + operator);
    }

    /** The last projection of a branch whose output is added to the stream as it is: what an output fit is linear in. */
    static Optional<Linear> writer(Branch branch) {
        return branch.out().isPresent() ? Optional.empty() : of(branch.body()).map(Projections::writer);
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
