package dev.twofold.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.MemorySize;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.shard.Shard;
import dev.twofold.pipeline.Choosing;
import dev.twofold.pipeline.PassRequest;
import dev.twofold.pipeline.PipelineParser;
import dev.twofold.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what is to be done to the model: a pipeline, and shorthands for its {@code pair-layers}. */
final class PlanOptions {

    /** A thousand passes have a tenth of that. */
    private static final long MAX_PIPELINE = 1L << 20;

    private static final String DEFAULT_PIPELINE = "layer-parallel";
    private static final String PAIR = PairLayers.SPEC.name();
    private static final String CHOOSE = ChoosePairs.SPEC.name();
    private static final String COMPENSATE = Compensate.SPEC.name();
    private static final String SHARD = Shard.SPEC.name();
    private static final String CAST = CastWeights.SPEC.name();

    @Option(
            names = "--pipeline",
            paramLabel = "FILE",
            description =
                    "A YAML file of passes, or the name of a shipped pipeline (default: " + DEFAULT_PIPELINE + ").")
    private @Nullable String pipeline;

    @Option(
            names = "--pairs",
            split = ",",
            paramLabel = "A-B",
            description = "Layers to run side by side, such as 4-5,6-7; 4-7 is a group of four.")
    private @Nullable List<LayerRange> pairs;

    @Option(names = "--window", paramLabel = "A:B", description = "Pair layers A to B-1; 0:0 pairs nothing.")
    private @Nullable LayerWindow window;

    @Option(
            names = "--max-loss",
            paramLabel = "X%",
            description = "Measure, and pair as many layers as raise the perplexity by at most this much"
                    + " (default: 1%%, if no layers are named).")
    private @Nullable LossLimit maxLoss;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Measure, and choose the best layers to pair for this effective depth.")
    private @Nullable Integer depth;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "Layers a group of the window (default: 2), or in the largest group to choose (default: 4).")
    private @Nullable Integer group;

    @Option(
            names = "--one-sync",
            description =
                    "Run each layer of a group whole on its own copy of the stream: one all-reduce instead of two.")
    private boolean oneSync;

    @Option(
            names = "--compensate",
            description = "Refit the layers that run side by side to what they did one after the other.")
    private boolean compensate;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "Tokens of the text to refit on (default: 49152).")
    private @Nullable Integer calibrationTokens;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Memory that the sums of --compensate may take (default: 2g).")
    private @Nullable MemorySize memory;

    @Option(names = "--dtype", paramLabel = "TYPE", description = "fp32 (default), fp16 or bf16.")
    private @Nullable Precision dtype;

    @Option(names = "--devices", paramLabel = "N", description = "Cut the model over N devices.")
    private @Nullable Integer devices;

    @Option(
            names = "--placement",
            paramLabel = "NAME",
            description = "Give every device a share of each layer's heads (heads, default), or the layers of a pair"
                    + " devices of their own (layers).")
    private @Nullable Placement placement;

    @Option(names = "--shard-vocabulary", description = "Cut the embedding and the head over the devices too.")
    private boolean vocabulary;

    /** Whether none of them is given. */
    boolean isEmpty() {
        return Stream.of(
                                pipeline,
                                pairs,
                                window,
                                maxLoss,
                                depth,
                                group,
                                calibrationTokens,
                                memory,
                                dtype,
                                devices,
                                placement)
                        .allMatch(Objects::isNull)
                && !oneSync
                && !compensate
                && !vocabulary;
    }

    /** The passes asked for, in order. */
    List<PassRequest> requests() {
        return requests(OptionalInt.empty());
    }

    /**
     * The passes asked for, in order.
     *
     * @param fallback over how many devices to cut the model, if neither an option nor the pipeline says
     */
    List<PassRequest> requests(OptionalInt fallback) {
        List<PassRequest> requests = new ArrayList<>(read());
        boolean measured = maxLoss != null || depth != null;
        if (pairs != null || window != null) {
            if (measured) {
                throw TwofoldException.usage("layers are either named or chosen by measuring")
                        .found(flags() + " and " + choiceFlags())
                        .expected("one of --pairs, --window, --max-loss, --depth");
            }
            fill(requests, PAIR, pairing(), flags());
        } else {
            choose(requests, measured);
        }
        if (compensate) {
            addCompensation(requests);
        }
        if (calibrationTokens != null || memory != null) {
            fill(requests, COMPENSATE, compensation(), "--calibration-tokens or --memory");
        }
        if (dtype != null) {
            if (requests.stream().noneMatch(request -> request.name().equals(CAST))) {
                requests.add(new PassRequest(CAST, none(), "--dtype", Kind.USAGE));
            }
            fill(requests, CAST, none().put("dtype", dtype.toString()), "--dtype " + dtype);
        }
        shard(requests, fallback);
        return requests;
    }

    private void shard(List<PassRequest> requests, OptionalInt fallback) {
        boolean asked = requests.stream().anyMatch(request -> request.name().equals(SHARD));
        OptionalInt count = devices != null ? OptionalInt.of(devices) : asked ? OptionalInt.empty() : fallback;
        if (count.isEmpty() && (placement != null || vocabulary)) {
            throw TwofoldException.usage("a placement goes with a number of devices")
                    .hint("--devices 2");
        }
        if (count.isEmpty()) {
            return;
        }
        String flag = "--devices " + count.getAsInt();
        if (!asked) {
            requests.add(new PassRequest(SHARD, none(), flag, Kind.USAGE));
        }
        ObjectNode options = none().put("devices", count.getAsInt());
        // What is the default is left out, so that ranks which were compiled apart have one plan.
        if (placement != null && placement != Placement.HEADS) {
            options.put("placement", placement.toString());
        }
        if (vocabulary) {
            options.put("vocabulary", true);
        }
        fill(requests, SHARD, options, flag);
    }

    private static void addCompensation(List<PassRequest> requests) {
        List<String> names = requests.stream().map(PassRequest::name).toList();
        if (names.contains(COMPENSATE)) {
            return;
        }
        if (!names.contains(PAIR)) {
            throw TwofoldException.usage("there is nothing to compensate: the pipeline has no " + PAIR);
        }
        requests.add(names.lastIndexOf(PAIR) + 1, new PassRequest(COMPENSATE, none(), "--compensate", Kind.USAGE));
    }

    private ObjectNode compensation() {
        ObjectNode options = none();
        if (calibrationTokens != null) {
            options.put("tokens", calibrationTokens);
        }
        if (memory != null) {
            options.put("memory", memory.toString());
        }
        return options;
    }

    /** Leaves the layers to be measured, wherever the pipeline does not name them. */
    private void choose(List<PassRequest> requests, boolean measured) {
        if (oneSync) {
            fill(requests, PAIR, none().put("form", PairLayers.Form.ONE_SYNC.toString()), "--one-sync");
        }
        boolean asked = requests.stream().anyMatch(request -> request.name().equals(CHOOSE));
        boolean open = requests.stream().anyMatch(Choosing::isOpen);
        if (!asked && open) {
            requests.add(0, new PassRequest(CHOOSE, none(), "the default --max-loss " + LossLimit.DEFAULT, Kind.USAGE));
        }
        if (measured || group != null) {
            fill(requests, CHOOSE, choice(), choiceFlags());
        }
    }

    private ObjectNode choice() {
        ObjectNode options = none();
        if (maxLoss != null) {
            options.put("max-loss", maxLoss.toString());
        }
        if (depth != null) {
            options.put("depth", depth);
        }
        if (group != null) {
            options.put("group", group);
        }
        return options;
    }

    private String choiceFlags() {
        List<String> flags = new ArrayList<>();
        if (maxLoss != null) {
            flags.add("--max-loss " + maxLoss);
        }
        if (depth != null) {
            flags.add("--depth " + depth);
        }
        if (group != null) {
            flags.add("--group " + group);
        }
        return String.join(" ", flags);
    }

    private List<PassRequest> read() {
        String name = pipeline == null ? DEFAULT_PIPELINE : pipeline;
        if (Pipelines.SHIPPED.contains(name)) {
            return PipelineParser.parse(name, Pipelines.text(name)).stream()
                    .map(request -> request.with(request.options(), "pipeline " + name))
                    .toList();
        }
        Path file = Path.of(name);
        if (!Files.exists(file)) {
            throw TwofoldException.input("there is no such pipeline")
                    .at(name)
                    .expected("a YAML file, or one of " + String.join(", ", Pipelines.SHIPPED));
        }
        return PipelineParser.parse(name, Text.read(file, MAX_PIPELINE));
    }

    private ObjectNode pairing() {
        ObjectNode options = none();
        if (pairs != null) {
            pairs.forEach(range -> options.withArray("pairs").add(range.toString()));
        }
        if (window != null) {
            options.put("window", window.toString());
        }
        if (group != null) {
            options.put("group", group);
        }
        if (oneSync) {
            options.put("form", PairLayers.Form.ONE_SYNC.toString());
        }
        return options;
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
        if (group != null) {
            flags.add("--group " + group);
        }
        if (oneSync) {
            flags.add("--one-sync");
        }
        return String.join(" ", flags);
    }

    private static ObjectNode none() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** Gives options to the one request of a name that has none yet. */
    private static void fill(List<PassRequest> requests, String name, ObjectNode options, String source) {
        List<PassRequest> named =
                requests.stream().filter(request -> request.name().equals(name)).toList();
        if (named.size() != 1 || !named.get(0).options().isEmpty()) {
            String found = named.isEmpty() ? "no " + name : name + " with options of its own";
            throw TwofoldException.usage("the pipeline does not take " + source)
                    .found(found)
                    .expected("one '- " + name + "' without options")
                    .hint("write them in the pipeline instead");
        }
        requests.set(requests.indexOf(named.get(0)), named.get(0).with(options, source));
    }
}
