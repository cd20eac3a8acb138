package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.layers.LayerRange;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Replaces each range of layers by one layer whose weights are their mean; the "merge" that arXiv 2502.02790 compares
 * layer parallelism with.
 *
 * <pre>
 * before             after, ranges: [4-5]
 *   layer 4            layer (4 + 5) / 2
 *   layer 5
 * </pre>
 *
 * <p>Does not apply after fold-norms, because the mean of folded weights is not the folded mean; nor to a layer that
 * shares a group.
 */
public final class AverageLayers implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "average-layers",
            "replace ranges of layers by their mean",
            "- average-layers: {ranges: [4-5, 8-10]}",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            AverageLayers::new);

    /** @param ranges each becomes one layer */
    public record Options(@Nullable List<LayerRange> ranges) {}

    private final List<List<Integer>> groups;

    public AverageLayers(Options options) {
        this.groups = options.ranges() == null
                ? List.of()
                : options.ranges().stream().map(LayerRange::layers).toList();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (groups.isEmpty()) {
            return Optional.of(new NotApplicable("it names no range", "say which, such as ranges: [4-5]"));
        }
        if (facts.properties().contains(Property.NORMS_FOLDED)) {
            return Optional.of(new NotApplicable("the norms are already folded", "put it before fold-norms"));
        }
        return LayerChecks.requireOrdinary(
                        facts, groups.stream().flatMap(List::stream).toList())
                .or(() -> groups.stream()
                        .flatMap(group -> LayerChecks.requireAdjacent(facts, group).stream())
                        .findFirst());
    }

    @Override
    public Facts simulate(Facts facts) {
        return facts.withGroups(Runs.merge(
                facts.groups(),
                groups,
                Facts.Group::layers,
                parts -> new Facts.Group(
                        Runs.layers(parts, Facts.Group::layers),
                        Facts.Arrangement.AVERAGED,
                        parts.get(0).steps())));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return LayerGroup.replace(
                decoder, Runs.merge(LayerGroup.of(decoder), groups, LayerGroup::layers, AverageLayers::average));
    }

    private static LayerGroup average(List<LayerGroup> parts) {
        List<Integer> layers = Runs.layers(parts, LayerGroup::layers);
        List<Step> steps = IntStream.range(0, parts.get(0).steps().size())
                .mapToObj(i ->
                        mean(parts.stream().map(part -> part.steps().get(i)).toList(), layers))
                .toList();
        return new LayerGroup(layers, steps);
    }

    private static Step mean(List<Step> steps, List<Integer> layers) {
        return new Step(IntStream.range(0, steps.get(0).branches().size())
                .mapToObj(i -> MeanBranch.of(
                        steps.stream().map(step -> step.branches().get(i)).toList(), layers))
                .toList());
    }
}
