package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs a range of layers in another order; how little that costs shows how independent they are (arXiv 2502.02790).
 *
 * <pre>
 * before             after, order: [6, 4, 5]
 *   layer 4            layer 6
 *   layer 5            layer 4
 *   layer 6            layer 5
 * </pre>
 *
 * <p>The layers named must be a range of neighbours in the stream. Does not apply to a layer that shares a group.
 */
public final class SwapLayers implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "swap-layers",
            "run a range of layers in another order",
            "- swap-layers: {order: [8, 6, 7]}",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            SwapLayers::new);

    /** @param order the layers of a range, in the order in which they are to run */
    public record Options(@Nullable List<Integer> order) {}

    private final List<Integer> order;

    public SwapLayers(Options options) {
        this.order = options.order() == null ? List.of() : options.order();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (order.size() < 2) {
            return Optional.of(new NotApplicable(
                    "it needs the new order of two layers or more", "give one, such as" + " order: [5, 4]"));
        }
        return LayerChecks.requireOrdinary(facts, order)
                .or(() -> LayerChecks.requireAdjacent(
                        facts, facts.order().stream().filter(order::contains).toList()));
    }

    @Override
    public Facts simulate(Facts facts) {
        return facts.withGroups(permute(facts.groups(), Facts.Group::layers));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return LayerGroup.replace(decoder, permute(LayerGroup.of(decoder), LayerGroup::layers));
    }

    private <T> List<T> permute(List<T> elements, Function<T, List<Integer>> layersOf) {
        List<T> permuted = new ArrayList<>(elements);
        int start = 0;
        while (!order.containsAll(layersOf.apply(elements.get(start)))) {
            start++;
        }
        for (T element : elements) {
            int place = order.indexOf(layersOf.apply(element).get(0));
            if (place >= 0) {
                permuted.set(start + place, element);
            }
        }
        return permuted;
    }
}
