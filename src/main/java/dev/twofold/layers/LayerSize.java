package dev.twofold.layers;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm.Span;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * What a layer of the checkpoint can be cut into.
 *
 * @param feedForward width of the hidden activation, or of that of one expert
 * @param normsWidths whether queries and keys are normalized over all heads
 * @param normsResults whether what it adds passes through norms
 */
public record LayerSize(long heads, long kvHeads, long feedForward, boolean normsWidths, boolean normsResults) {

    /** @param layer an ordinary one */
    public static LayerSize of(LayerGroup layer) {
        return new LayerSize(
                sum(layer, Attention.class, Attention::heads),
                sum(layer, Attention.class, Attention::kvHeads),
                sum(layer, FeedForward.class, FeedForward::width) + sum(layer, Experts.class, Experts::width),
                branches(layer).anyMatch(LayerSize::normsWidth),
                branches(layer).anyMatch(branch -> branch.out().isPresent()));
    }

    private static <T extends Operator> long sum(LayerGroup layer, Class<T> kind, ToLongFunction<T> size) {
        return branches(layer)
                .filter(branch -> kind.isInstance(branch.body()))
                .mapToLong(branch -> size.applyAsLong(kind.cast(branch.body())))
                .sum();
    }

    private static Stream<Branch> branches(LayerGroup layer) {
        return layer.steps().stream().flatMap(step -> step.branches().stream());
    }

    private static boolean normsWidth(Branch branch) {
        return branch.body() instanceof Attention attention
                && attention.norms().filter(norms -> norms.span() == Span.WIDTH).isPresent();
    }

    /** Whether every one of so many devices gets a whole number of heads and of hidden activations. */
    public boolean divides(int devices) {
        return heads % devices == 0 && (kvHeads % devices == 0 || devices % kvHeads == 0) && feedForward % devices == 0;
    }
}
