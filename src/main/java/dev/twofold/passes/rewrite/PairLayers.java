package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.diag.PlainName;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs neighbouring layers side by side: Layer Parallelism (arXiv 2502.02790).
 *
 * <pre>
 * before          two-sync                one-sync                      staggered
 *   x += A4         x += A4 + A5            x += [A4; F4] + [A5; F5]      x += A4 + F4 + A5
 *   x += F4         x += F4 + F5                                          x += F5
 *   x += A5
 *   x += F5
 * </pre>
 *
 * <p>In the two-sync form both attentions read the same stream, then both feed-forwards do. In the one-sync form each
 * layer runs whole on its own copy of the stream. The staggered form merges all steps up to the last attention, and moves
 * no operator past another. Does not apply to layers that are not neighbours, or that already share a group.
 */
public final class PairLayers implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "pair-layers",
            "run groups of neighbouring layers side by side",
            "- pair-layers: {window: 4:14, group: 2, form: two-sync}   or {pairs: [4-5, 8-10], form: staggered}; also one-sync",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            PairLayers::new);

    /** Which of the forms of the method. */
    public enum Form {
        TWO_SYNC(Facts.Arrangement.TWO_SYNC),
        ONE_SYNC(Facts.Arrangement.ONE_SYNC),
        STAGGERED(Facts.Arrangement.STAGGERED);

        private final Facts.Arrangement arranged;

        Form(Facts.Arrangement arranged) {
            this.arranged = arranged;
        }

        @Override
        public String toString() {
            return PlainName.of(this);
        }

        /**
         * The steps of layers side by side.
         *
         * @param layers of each its steps, and of each step its terms
         */
        private <T> List<List<T>> arrange(List<List<List<T>>> layers) {
            return switch (this) {
                case TWO_SYNC -> zip(layers);
                case ONE_SYNC -> List.of(flat(flat(layers)));
                case STAGGERED -> staggered(layers);
            };
        }

        private static <T> List<List<T>> zip(List<List<List<T>>> layers) {
            return IntStream.range(0, layers.get(0).size())
                    .mapToObj(
                            i -> flat(layers.stream().map(layer -> layer.get(i)).toList()))
                    .toList();
        }

        /** All steps up to the first of the last layer as one, and then its others. */
        private static <T> List<List<T>> staggered(List<List<List<T>>> layers) {
            List<List<T>> last = layers.get(layers.size() - 1);
            List<List<T>> steps = new ArrayList<>(flat(layers.subList(0, layers.size() - 1)));
            steps.add(last.get(0));
            return Stream.concat(Stream.of(flat(steps)), last.stream().skip(1)).toList();
        }

        private static <T> List<T> flat(List<List<T>> lists) {
            return lists.stream().flatMap(List::stream).toList();
        }
    }

    /**
     * @param pairs ranges of layers, each of which becomes a group; or
     * @param window layers that are cut into groups from the first on
     * @param group layers a group of the window, 2 if not given
     * @param form two-sync if not given
     */
    public record Options(
            @Nullable List<LayerRange> pairs,
            @Nullable LayerWindow window,
            @Nullable Integer group,
            @Nullable Form form) {

        /** Nothing said. */
        public static final Options NONE = new Options(null, null, null, null);

        /** Whether it leaves open which layers share a group. */
        public boolean namesNoLayers() {
            return pairs == null && window == null && group == null;
        }

        public Form formOrDefault() {
            return form == null ? Form.TWO_SYNC : form;
        }

        /** The same with the groups of a plan. */
        public Options with(Plan plan) {
            return plan.groups().isEmpty()
                    ? new Options(pairs, new LayerWindow(0, 0), group, form)
                    : new Options(plan.groups(), window, group, form);
        }
    }

    private final Options options;
    private final Form form;

    public PairLayers(Options options) {
        this.options = options;
        this.form = options.formOrDefault();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        Optional<NotApplicable> malformed = checkOptions(facts);
        if (malformed.isPresent()) {
            return malformed;
        }
        List<List<Integer>> groups = groups(facts.order());
        return LayerChecks.requireOrdinary(
                        facts, groups.stream().flatMap(List::stream).toList())
                .or(() -> groups.stream()
                        .flatMap(group -> LayerChecks.requireAdjacent(facts, group).stream())
                        .findFirst());
    }

    private Optional<NotApplicable> checkOptions(Facts facts) {
        LayerWindow window = options.window();
        if ((options.pairs() == null) == (window == null)) {
            return problem(
                    window == null ? "it does not say which layers" : "it has both pairs and a window",
                    "give either pairs, such as 4-5,6-7, or a window, such as 4:14");
        }
        if (window == null) {
            return options.group() == null
                    ? Optional.empty()
                    : problem(
                            "a group size goes with a window, not with pairs",
                            "leave out the group size: a range is a group, and 4-7 is one of four");
        }
        int size = groupSize();
        if (size < 2) {
            return problem("a group holds two layers or more, not " + size, "write group: 2 or more");
        }
        if (window.end() > facts.layers()) {
            return problem(
                    "the window " + window + " ends after the last layer: the model has " + facts.layers() + " layers",
                    "end the window at " + facts.layers() + " or before");
        }
        int layers = (int) facts.order().stream().filter(window::contains).count();
        if (layers == 0 && window.begin() < window.end()) {
            return problem(
                    "the window " + window + " holds no layers any more",
                    "choose another window, or 0:0 to" + " pair none");
        }
        int left = layers % size;
        return left == 0
                ? Optional.empty()
                : problem(
                        "the window " + window + " holds " + layers + " layers, not a multiple of " + size,
                        "use the window " + window.begin() + ":" + (window.end() - left));
    }

    private static Optional<NotApplicable> problem(String reason, String hint) {
        return Optional.of(new NotApplicable(reason, hint));
    }

    private int groupSize() {
        return options.group() == null ? 2 : options.group();
    }

    private List<List<Integer>> groups(List<Integer> order) {
        if (options.pairs() != null) {
            return options.pairs().stream().map(LayerRange::layers).toList();
        }
        LayerWindow window = options.window();
        if (window == null) {
            return List.of();
        }
        List<Integer> inside = order.stream().filter(window::contains).toList();
        return IntStream.range(0, inside.size() / groupSize())
                .mapToObj(i -> inside.subList(i * groupSize(), (i + 1) * groupSize()))
                .toList();
    }

    @Override
    public Facts simulate(Facts facts) {
        return facts.withGroups(Runs.merge(
                facts.groups(),
                groups(facts.order()),
                Facts.Group::layers,
                parts -> new Facts.Group(
                        Runs.layers(parts, Facts.Group::layers),
                        form.arranged,
                        form.arrange(parts.stream().map(Facts.Group::steps).toList()))));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        List<LayerGroup> before = LayerGroup.of(decoder);
        List<Integer> order =
                before.stream().flatMap(group -> group.layers().stream()).toList();
        List<LayerGroup> after =
                Runs.merge(before, groups(order), LayerGroup::layers, layers -> sideBySide(layers, form));
        return LayerGroup.replace(decoder, after);
    }

    /** Layers as one group. Layers of one step each read the stream once anyway, and need no copy of it. */
    public static LayerGroup sideBySide(List<LayerGroup> layers, Form form) {
        List<Integer> numbers = Runs.layers(layers, LayerGroup::layers);
        boolean already = layers.stream().allMatch(layer -> layer.steps().size() == 1);
        return new LayerGroup(
                numbers, form == Form.ONE_SYNC && !already ? List.of(chains(layers)) : steps(layers, form));
    }

    private static List<Step> steps(List<LayerGroup> layers, Form form) {
        List<List<List<Branch>>> branches = layers.stream()
                .map(layer -> layer.steps().stream().map(Step::branches).toList())
                .toList();
        return form.arrange(branches).stream().map(Step::new).toList();
    }

    private static Step chains(List<LayerGroup> layers) {
        return new Step(layers.stream()
                .map(layer -> {
                    Origin origin = layer.steps().get(0).branches().get(0).origin();
                    return new Branch(Optional.empty(), new Chain(layer.steps()), Optional.empty(), origin);
                })
                .toList());
    }
}
