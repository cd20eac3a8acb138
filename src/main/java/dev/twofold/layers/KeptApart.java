package dev.twofold.layers;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.List;
import java.util.stream.Stream;

/**
 * Operators of one kind that stay several branches of their step, where one operator, as wide as all of them, would do the
 * same with fewer kernels. All-reduces are no more for it.
 *
 * @param operator what they are
 * @param steps how many steps have several of them
 * @param branches all that run in these steps; merged they would be as many as steps
 */
public record KeptApart(Operator.Kind operator, int steps, int branches) {

    /** Why it could not, for the decoder as a reader made it; empty if nothing was in the way. */
    public String reason(Decoder original) {
        String rewrite =
                operator == Operator.Kind.ATTENTION ? Applicability.WIDEN_ATTENTION : Applicability.WIDEN_FEED_FORWARD;
        return Applicability.of(original).stream()
                .filter(row -> row.rewrite().equals(rewrite))
                .map(Applicability::why)
                .findFirst()
                .orElse("");
    }

    /** What widening has left apart in a decoder; chains, which are whole layers, can never be one. */
    public static List<KeptApart> in(Decoder decoder) {
        return Stream.of(Operator.Kind.ATTENTION, Operator.Kind.FEED_FORWARD, Operator.Kind.EXPERTS)
                .flatMap(kind -> of(decoder, kind))
                .toList();
    }

    private static Stream<KeptApart> of(Decoder decoder, Operator.Kind kind) {
        List<Integer> several = decoder.steps().stream()
                .map(step -> count(step, kind))
                .filter(count -> count > 1)
                .toList();
        return several.isEmpty()
                ? Stream.empty()
                : Stream.of(new KeptApart(
                        kind,
                        several.size(),
                        several.stream().mapToInt(Integer::intValue).sum()));
    }

    private static int count(Step step, Operator.Kind kind) {
        return (int) step.branches().stream()
                .filter(branch -> branch.body().kind() == kind)
                .count();
    }
}
