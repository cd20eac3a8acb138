package dev.twofold.estimate;

import dev.twofold.estimate.Workload.Exchanged;
import dev.twofold.estimate.Workload.Routed;
import dev.twofold.estimate.Workload.Stage;
import dev.twofold.execution.Exchange;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.Graph.NamedWeight;
import dev.twofold.graph.operator.Kernels;
import dev.twofold.graph.operator.OperatorRow;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.operator.ResultWidth;
import dev.twofold.graph.operator.WeightUse;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorShapeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Counts the {@link Workload} of a graph node by node, so that whatever a pass made of the model is counted as it will
 * run. A value's width is its number of elements a token; values that do not grow with the tokens have width 0.
 */
public final class GraphWorkload {

    private final long elementBytes;
    /** Of an initializer itself; of what runtimes make of some when they load the model, all of those. */
    private final Map<String, List<NamedWeight>> weights = new HashMap<>();

    private final Map<String, List<Long>> constants = new HashMap<>();
    private final Map<String, TensorShapeProto> pasts = new HashMap<>();
    private final Map<String, Long> widths = new HashMap<>();
    private final List<Stage> stages = new ArrayList<>();
    private Tally tally = new Tally();

    private GraphWorkload(Graph graph, long elementBytes) {
        this.elementBytes = elementBytes;
        graph.weights().forEach(weight -> weights.put(weight.name(), List.of(weight)));
        for (TensorProto constant : graph.constants()) {
            constants.put(constant.getName(), constant.getInt64DataList());
        }
        for (ValueInfoProto input : graph.inputs()) {
            if (input.getName().startsWith(GraphNames.PAST)) {
                pasts.put(input.getName(), input.getType().getTensorType().getShape());
            }
        }
    }

    /** What a stage has come to so far. */
    private static final class Tally {
        private long weightBytes;
        private final List<Routed> routed = new ArrayList<>();
        private long weightFlops;
        private long activationElements;
        private long cacheElements;
        private long attentionFlops;
        private Kernels kernels = Kernels.NONE;
    }

    /** @param elementBytes of a number that is computed */
    public static Workload of(Graph graph, long elementBytes) {
        GraphWorkload counting = new GraphWorkload(graph, elementBytes);
        graph.nodes().forEach(counting::count);
        counting.finish(Optional.empty());
        long stored = graph.weights().stream().mapToLong(GraphWorkload::bytes).sum();
        return new Workload(counting.stages, stored);
    }

    private void finish(Optional<Exchanged> then) {
        stages.add(new Stage(
                tally.weightBytes,
                tally.routed,
                tally.weightFlops,
                tally.activationElements * elementBytes,
                tally.cacheElements * elementBytes,
                tally.attentionFlops,
                tally.kernels,
                then));
        tally = new Tally();
    }

    private void count(NodeProto node) {
        OperatorRow row = OperatorTable.of(node);
        Optional<Exchange.Kind> exchange = row.exchange(node);
        if (exchange.isPresent()) {
            long width = width(node.getInput(0));
            finish(Optional.of(new Exchanged(exchange.get(), width * elementBytes)));
            widths.put(node.getOutput(0), width);
            return;
        }
        List<NamedWeight> read = node.getInputList().stream()
                .flatMap(input -> weights.getOrDefault(input, List.of()).stream())
                .toList();
        if (row.weights() == WeightUse.FOLDED && weights.containsKey(node.getInput(0))) {
            weights.put(node.getOutput(0), read);
            return;
        }
        tally.kernels = tally.kernels.plus(row.kernels());
        if (row.weights() == WeightUse.CHOSEN) {
            choose(node, read, row.kernels());
        } else if (row.weights() != WeightUse.LOOK_UP) {
            tally.weightBytes += read.stream().mapToLong(GraphWorkload::bytes).sum();
        }
        if (row.weights() == WeightUse.PRODUCT) {
            // Of a weight in blocks the first has its elements, and the others a number for many of them.
            tally.weightFlops += 2
                    * read.stream().limit(1).mapToLong(GraphWorkload::elements).sum();
        }
        tally.activationElements +=
                node.getInputList().stream().mapToLong(this::width).sum();
        List<Long> results = resultWidths(row.width(), node, read);
        for (int i = 0; i < results.size(); i++) {
            String result = node.getOutput(i);
            if (!result.isEmpty()) {
                widths.put(result, results.get(i));
                tally.activationElements += results.get(i);
            }
        }
    }

    /** @param ofOne kernels of one expert, of which a framework runs those of each that is chosen */
    private void choose(NodeProto node, List<NamedWeight> read, Kernels ofOne) {
        long chosen = attribute(node, "k");
        tally.kernels = tally.kernels.plus(new Kernels(0, Math.toIntExact((chosen - 1) * ofOne.eager())));
        for (NamedWeight weight : read) {
            long experts = weight.dims().get(0);
            tally.routed.add(new Routed(bytes(weight) / experts, experts, chosen));
            tally.weightFlops += 2 * elements(weight) / experts * chosen;
        }
    }

    /** Of the first outputs of a node; any further ones are no activations. */
    private List<Long> resultWidths(ResultWidth rule, NodeProto node, List<NamedWeight> read) {
        long widest = node.getInputList().stream().mapToLong(this::width).max().orElse(0);
        List<Long> likeWidest = Collections.nCopies(node.getOutputCount(), widest);
        return switch (rule) {
            case WIDEST -> likeWidest;
            case FIRST -> List.of(width(node.getInput(0)));
            case SUM ->
                List.of(node.getInputList().stream().mapToLong(this::width).sum());
            case PARTS -> constants.getOrDefault(node.getInput(1), List.of());
            case PRODUCT -> read.isEmpty() || widest == 0 ? likeWidest : List.of(elements(read.get(0)) / widest);
            case ROW ->
                read.isEmpty()
                        ? likeWidest
                        : List.of(read.get(0).weight().shape().dim(1));
            case ROWS -> List.of(read.get(0).dims().get(0));
            case NUM_HEADS -> List.of(attend(node, "num_heads"));
            case Q_NUM_HEADS -> List.of(attend(node, "q_num_heads"));
        };
    }

    /**
     * Counts an attention, and returns the width of its result.
     *
     * @param attribute that says how many query heads there are
     */
    private long attend(NodeProto node, String attribute) {
        long heads = attribute(node, attribute);
        long size = 0;
        for (String input : node.getInputList()) {
            TensorShapeProto past = pasts.get(input);
            if (past != null) {
                size = past.getDim(3).getDimValue();
                tally.cacheElements += past.getDim(1).getDimValue() * size;
                tally.attentionFlops += 2 * heads * size;
            }
        }
        return heads * size;
    }

    private static long attribute(NodeProto node, String name) {
        return node.getAttributeList().stream()
                .filter(candidate -> candidate.getName().equals(name))
                .mapToLong(AttributeProto::getI)
                .findFirst()
                .orElseThrow();
    }

    private long width(String value) {
        return widths.getOrDefault(value, 0L);
    }

    private static long elements(NamedWeight weight) {
        return weight.weight().shape().elements();
    }

    private static long bytes(NamedWeight weight) {
        return weight.dtype().bytes(elements(weight));
    }
}
