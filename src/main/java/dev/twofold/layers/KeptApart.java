package dev.twofold.layers;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import java.util.ArrayList;
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
public record KeptApart(String operator, int steps, int branches) {

    private static final String ATTENTION = "attention";

    /** Why it could not, for the decoder as a reader made it; empty if nothing was in the way. */
    public String reason(Decoder original) {
        String rewrite = operator.equals(ATTENTION) ? Applicability.WIDEN_ATTENTION : Applicability.WIDEN_FEED_FORWARD;
        return Applicability.of(original).stream()
                .filter(row -> row.rewrite().equals(rewrite))
                .map(Applicability::why)
                .findFirst()
                .orElse("");
    }

    /** What widening has left apart in a decoder; chains, which are whole layers, can never be one. */
    public static List<KeptApart> in(Decoder decoder) {
        List<KeptApart> kept = new ArrayList<>();
        of(decoder, ATTENTION, Attention.class).forEach(kept::add);
        of(decoder, "feed-forward", FeedForward.class).forEach(kept::add);
        of(decoder, "experts", Experts.class).forEach(kept::add);
        return kept;
    }

    private static Stream<KeptApart> of(Decoder decoder, String operator, Class<? extends Operator> kind) {
        List<Integer> several = decoder.steps().stream()
                .map(step -> count(step, kind))
                .filter(count -> count > 1)
                .toList();
        return several.isEmpty()
                ? Stream.empty()
                : Stream.of(new KeptApart(
                        operator,
                        several.size(),
                        several.stream().mapToInt(Integer::intValue).sum()));
    }

    private static int count(Step step, Class<? extends Operator> kind) {
        return (int) step.branches().stream()
                .map(Branch::body)
                .filter(kind::isInstance)
                .count();
    }
}
