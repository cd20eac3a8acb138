package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes whole layers, as ShortGPT (arXiv 2403.03853) does; kept to compare layer parallelism with.
 *
 * <pre>
 * before             after, layers: [5]
 *   layer 4            layer 4
 *   layer 5            layer 6
 *   layer 6
 * </pre>
 *
 * <p>Does not apply to a layer that shares a group, or to all layers at once.
 */
public final class DropLayers implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "drop-layers",
            "remove layers",
            "- drop-layers: {layers: [7, 8]}",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            DropLayers::new);

    /** @param layers numbers of the checkpoint's layers */
    public record Options(@Nullable List<Integer> layers) {}

    private final List<Integer> dropped;

    public DropLayers(Options options) {
        this.dropped = options.layers() == null ? List.of() : options.layers();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (dropped.isEmpty()) {
            return Optional.of(new NotApplicable("it names no layer", "say which, such as layers: [7, 8]"));
        }
        if (dropped.size() >= facts.order().size()) {
            return Optional.of(new NotApplicable("it drops every layer", "leave at least one layer"));
        }
        return LayerChecks.requireOrdinary(facts, dropped);
    }

    @Override
    public Facts simulate(Facts facts) {
        return facts.withGroups(facts.groups().stream()
                .filter(group -> !dropped.containsAll(group.layers()))
                .toList());
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return LayerGroup.replace(
                decoder,
                LayerGroup.of(decoder).stream()
                        .filter(group -> !dropped.containsAll(group.layers()))
                        .toList());
    }
}
