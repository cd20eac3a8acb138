package dev.twofold.cli;

import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.MemorySize;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.quantize.ChooseBits;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.shard.Shard;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.ShippedPipelines;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say what is to be done to the model: a pipeline, and shorthands for its {@code pair-layers}. */
final class RecipeOptions {

    @Option(
            names = "--pipeline",
            paramLabel = "FILE",
            description =
                    "A YAML file that lists passes, or the name of a pipeline that 'twofold passes' lists (default: "
                            + ShippedPipelines.DEFAULT + ").")
    private @Nullable String pipeline;

    @Option(
            names = "--pairs",
            split = ",",
            paramLabel = "A-B",
            description = "Run these layers side by side, such as 4-5,6-7. A longer range is a larger group: 4-7 is a"
                    + " group of four.")
    private @Nullable List<LayerRange> pairs;

    @Option(names = "--window", paramLabel = "A:B", description = "Pair the layers from A to B-1. 0:0 pairs none.")
    private @Nullable LayerWindow window;

    @Option(
            names = "--merge",
            split = ",",
            paramLabel = "3A-3F",
            description =
                    "Runs of steps that become one step each, such as 3A-3F,4F-5A: A is a layer's attention, F its"
                            + " feed-forward.")
    private @Nullable List<StepRange> merge;

    @Option(
            names = "--max-loss",
            paramLabel = "X%",
            description = "Measure the layers, and run as many side by side as raise the perplexity by X%% at most"
                    + " (default: 1%%, if you name no layers).")
    private @Nullable LossLimit maxLoss;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Measure the layers, and find the best way to reach this effective depth.")
    private @Nullable Integer depth;

    @Option(
            names = "--group",
            paramLabel = "N",
            description =
                    "With --window: how many layers are in a group (default: 2). When layers are measured: how many"
                            + " may be (default: 4).")
    private @Nullable Integer group;

    @Option(
            names = "--form",
            paramLabel = "NAME",
            description =
                    "How the layers of a group run: two-sync, staggered or one-sync. two-sync (the default) runs all attentions"
                            + " side by side, then all feed-forwards. staggered runs everything up to the last feed-forward side by"
                            + " side, then that one; it loses less. one-sync runs each layer on its own copy of the stream; a group"
                            + " then needs one all-reduce, not two.")
    private PairLayers.@Nullable Form form;

    @Option(names = "--one-sync", description = "The same as --form one-sync.")
    private boolean oneSync;

    @Option(
            names = "--compensate",
            description = "Refit the layers that run side by side, so that they do what they did one after the other.")
    private boolean compensate;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "How many tokens of text --compensate fits to (default: 102400).")
    private @Nullable Integer calibrationTokens;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "How much memory --compensate may use for its sums (default: 2g).")
    private @Nullable MemorySize memory;

    @Mixin
    private TypeOptions type = new TypeOptions();

    @Option(names = "--devices", paramLabel = "N", description = "Split the model over N devices.")
    private @Nullable Integer devices;

    @Option(
            names = "--placement",
            paramLabel = "NAME",
            description = "How to split: heads (default) gives each device a share of every layer's heads, layers gives"
                    + " each layer of a group its own devices.")
    private @Nullable Placement placement;

    @Option(names = "--shard-vocabulary", description = "Split the embedding and the head over the devices too.")
    private boolean vocabulary;

    /** Whether none of them is given. */
    boolean isEmpty() {
        return Stream.of(
                                pipeline,
                                pairs,
                                window,
                                merge,
                                form,
                                maxLoss,
                                depth,
                                group,
                                calibrationTokens,
                                memory,
                                devices,
                                placement)
                        .allMatch(Objects::isNull)
                && type.isEmpty()
                && !oneSync
                && !compensate
                && !vocabulary;
    }

    /** The type of weights, if one is named. */
    Optional<WeightType> dtype() {
        return type.dtype();
    }

    /** The type of what is not in blocks, and of arithmetic. */
    Precision arithmetic() {
        return type.arithmetic();
    }

    /** Of matrices in blocks, if there are to be such. */
    OptionalInt bits() {
        return type.bits();
    }

    /** What is asked for. */
    Recipe recipe() {
        return recipe(OptionalInt.empty());
    }

    Recipe recipe(OptionalInt fallback) {
        return recipe(fallback, ChoosePairs.Options.NONE);
    }

    /**
     * What is asked for.
     *
     * @param fallback over how many devices to cut the model, if neither an option nor the pipeline says
     * @param goal what else plans are to be chosen by
     */
    Recipe recipe(OptionalInt fallback, ChoosePairs.Options goal) {
        return sharding(type.into(rearranging(goal), calibrationTokens, memory, roundingLoss(goal)), fallback);
    }

    /** What is asked for, for a target that stores weights in types of its own. */
    Recipe uncast(OptionalInt fallback, ChoosePairs.Options goal) {
        type.requireNoneOfBlocks();
        return sharding(rearranging(goal), fallback);
    }

    /** What is asked for, for a target that makes several types of it: one of them may be rounded. */
    Recipe several(OptionalInt fallback, ChoosePairs.Options goal) {
        return TypeOptions.sharing(recipe(fallback, goal));
    }

    private Recipe rearranging(ChoosePairs.Options goal) {
        Recipe recipe = ShippedPipelines.read(pipeline == null ? ShippedPipelines.DEFAULT : pipeline);
        boolean measured = maxLoss != null || depth != null || !goal.equals(ChoosePairs.Options.NONE);
        if (pairs != null || window != null || merge != null) {
            if (measured) {
                throw TwofoldException.usage("layers are either named or chosen by measuring")
                        .found(flags() + " and " + choiceFlags(goal))
                        .expected("one of --pairs, --window, --merge, --max-loss, --depth, --steps, --speedup");
            }
            recipe = merging(pairing(recipe));
        } else {
            recipe = choosing(recipe, measured, goal);
        }
        return compensating(recipe);
    }

    private Recipe pairing(Recipe recipe) {
        LayerWindow none = pairs == null && window == null ? new LayerWindow(0, 0) : window;
        return fill(recipe, PairLayers.SPEC, new PairLayers.Options(pairs, none, group, form()), flags());
    }

    /** After the last pairing. */
    private Recipe merging(Recipe recipe) {
        if (merge == null) {
            return recipe;
        }
        Recipe open = recipe.has(MergeSteps.SPEC)
                ? recipe
                : recipe.insertAfter(PairLayers.SPEC, PassRequest.bare(MergeSteps.SPEC, "--merge"));
        return fill(open, MergeSteps.SPEC, new MergeSteps.Options(merge), flags());
    }

    private PairLayers.@Nullable Form form() {
        if (oneSync && form != null && form != PairLayers.Form.ONE_SYNC) {
            throw TwofoldException.usage("layers run in one form or another")
                    .found("--one-sync and --form " + form)
                    .expected("one of the two");
        }
        return oneSync ? PairLayers.Form.ONE_SYNC : form;
    }

    private Recipe sharding(Recipe recipe, OptionalInt fallback) {
        boolean asked = recipe.has(Shard.SPEC);
        OptionalInt count = devices != null ? OptionalInt.of(devices) : asked ? OptionalInt.empty() : fallback;
        if (count.isEmpty() && (placement != null || vocabulary)) {
            throw TwofoldException.usage("a placement goes with a number of devices")
                    .hint("add the number, such as --devices 2");
        }
        if (count.isEmpty()) {
            return recipe;
        }
        String flag = "--devices " + count.getAsInt();
        Recipe open = asked ? recipe : recipe.append(PassRequest.bare(Shard.SPEC, flag));
        // What is the default is left out, so that ranks which were compiled apart have one recipe.
        Placement other = placement == Placement.HEADS ? null : placement;
        return fill(open, Shard.SPEC, new Shard.Options(count.getAsInt(), other, vocabulary ? true : null), flag);
    }

    private Recipe compensating(Recipe recipe) {
        Recipe compensated = compensate && !recipe.has(Compensate.SPEC) ? withCompensation(recipe) : recipe;
        return (calibrationTokens == null && memory == null) || type.byText() && !compensated.has(Compensate.SPEC)
                ? compensated
                : fill(
                        compensated,
                        Compensate.SPEC,
                        Compensate.Options.DEFAULT.with(calibrationTokens, memory),
                        "--calibration-tokens or --memory");
    }

    /** After the last pass that puts anything side by side. */
    private static Recipe withCompensation(Recipe recipe) {
        PassRequest<Compensate.Options> asked = PassRequest.bare(Compensate.SPEC, "--compensate");
        if (recipe.has(MergeSteps.SPEC)) {
            return recipe.insertAfter(MergeSteps.SPEC, asked);
        }
        if (recipe.has(PairLayers.SPEC)) {
            return recipe.insertAfter(PairLayers.SPEC, asked);
        }
        throw TwofoldException.usage("there is nothing to compensate: the pipeline has no " + PairLayers.SPEC.name()
                + " and no " + MergeSteps.SPEC.name());
    }

    /** Leaves the layers to be measured, wherever the pipeline does not name them. */
    private Recipe choosing(Recipe recipe, boolean measured, ChoosePairs.Options goal) {
        Recipe formed = form() == null
                ? recipe
                : fill(recipe, PairLayers.SPEC, new PairLayers.Options(null, null, null, form()), "--form " + form());
        boolean open = formed.all(PairLayers.SPEC).stream()
                .anyMatch(request -> request.options().namesNoLayers());
        Recipe choosing = open && !formed.has(ChoosePairs.SPEC)
                ? formed.insert(0, PassRequest.bare(ChoosePairs.SPEC, "the default --max-loss " + LossLimit.DEFAULT))
                : formed;
        if (!measured && group == null) {
            return choosing;
        }
        ChoosePairs.Options options = new ChoosePairs.Options(
                layersLoss(goal), depth, goal.steps(), goal.speedup(), goal.hardware(), group, null);
        Recipe asked = fill(choosing, ChoosePairs.SPEC, options, choiceFlags(goal));
        return options.mergesSteps() && !asked.has(MergeSteps.SPEC)
                ? asked.insertAfter(PairLayers.SPEC, PassRequest.bare(MergeSteps.SPEC, choiceFlags(goal)))
                : asked;
    }

    /** Where bits are chosen too, but not for the speed on some hardware, layers and bits may lose half of it each. */
    private @Nullable LossLimit layersLoss(ChoosePairs.Options goal) {
        boolean together = goal.hardware() != null && type.sharesLimit();
        return maxLoss != null && type.measured() && !together ? maxLoss.half() : maxLoss;
    }

    /** What bits may lose if nothing is said of them. */
    private ChooseBits.Options roundingLoss(ChoosePairs.Options goal) {
        return maxLoss != null && goal.hardware() != null
                ? ChooseBits.Options.SHARED
                : ChooseBits.Options.within(maxLoss == null ? null : maxLoss.half());
    }

    private String choiceFlags(ChoosePairs.Options goal) {
        List<String> flags = new ArrayList<>();
        if (maxLoss != null) {
            flags.add("--max-loss " + maxLoss);
        }
        if (depth != null) {
            flags.add("--depth " + depth);
        }
        if (goal.steps() != null) {
            flags.add("--steps " + goal.steps());
        }
        if (goal.speedup() != null) {
            flags.add("--speedup " + goal.speedup());
        }
        if (goal.hardware() != null) {
            flags.add("--hardware " + goal.hardware());
        }
        if (group != null) {
            flags.add("--group " + group);
        }
        return String.join(" ", flags);
    }

    /** The pairing as it was typed, for messages. */
    private String flags() {
        List<String> flags = new ArrayList<>();
        if (pairs != null) {
            flags.add("--pairs " + pairs.stream().map(LayerRange::toString).collect(Collectors.joining(",")));
        }
        if (window != null) {
            flags.add("--window " + window);
        }
        if (merge != null) {
            flags.add("--merge " + merge.stream().map(StepRange::toString).collect(Collectors.joining(",")));
        }
        if (group != null) {
            flags.add("--group " + group);
        }
        if (oneSync) {
            flags.add("--one-sync");
        } else if (form != null) {
            flags.add("--form " + form);
        }
        return String.join(" ", flags);
    }

    /** Gives options to the one request for a pass that has none yet. */
    static <O extends Record> Recipe fill(Recipe recipe, PassSpec<O> spec, O options, String flag) {
        List<PassRequest<O>> requests = recipe.all(spec);
        if (requests.size() != 1 || !requests.get(0).isBare()) {
            String found = requests.isEmpty() ? "no " + spec.name() : spec.name() + " with options of its own";
            throw TwofoldException.usage("the pipeline does not take " + flag)
                    .found(found)
                    .expected("one '- " + spec.name() + "' without options")
                    .hint("write it into the pipeline instead");
        }
        return recipe.replace(requests.get(0), requests.get(0).with(options, flag));
    }
}
