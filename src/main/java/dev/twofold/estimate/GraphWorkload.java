package dev.twofold.estimate;

import dev.twofold.estimate.Workload.Exchanged;
import dev.twofold.estimate.Workload.Stage;
import dev.twofold.execution.Exchange;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.Graph.NamedWeight;
import dev.twofold.graph.lower.Collectives;
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
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts the {@link Workload} of a graph node by node, so that whatever a pass made of the model is counted as it will
 * run. A value's width is its number of elements a token; values that do not grow with the tokens have width 0.
 */
public final class GraphWorkload {

    private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm", "FusedMatMul");

    /** These read a row of a table for each token. */
    private static final Set<String> LOOK_UPS = Set.of("Gather", "GroupQueryAttention", "RotaryEmbedding");

    /** Runtimes apply these to a weight once, when they load the model. */
    private static final Set<String> FOLDED = Set.of("Transpose", "Cast");

    private static final Set<String> HEADS = Set.of("num_heads", "q_num_heads");

    private final long elementBytes;
    private final Map<String, NamedWeight> weights = new HashMap<>();
    private final Map<String, List<Long>> constants = new HashMap<>();
    private final Map<String, TensorShapeProto> pasts = new HashMap<>();
    private final Map<String, Long> widths = new HashMap<>();
    private final List<Stage> stages = new ArrayList<>();
    private Tally tally = new Tally();

    private GraphWorkload(Graph graph, long elementBytes) {
        this.elementBytes = elementBytes;
        graph.weights().forEach(weight -> weights.put(weight.name(), weight));
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
        private long weightFlops;
        private long activationElements;
        private long cacheElements;
        private long attentionFlops;
        private final SortedMap<String, Integer> operators = new TreeMap<>();
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
                tally.weightFlops,
                tally.activationElements * elementBytes,
                tally.cacheElements * elementBytes,
                tally.attentionFlops,
                tally.operators,
                then));
        tally = new Tally();
    }

    private void count(NodeProto node) {
        Optional<Exchange.Kind> exchange = Collectives.kind(node);
        if (exchange.isPresent()) {
            long width = width(node.getInput(0));
            finish(Optional.of(new Exchanged(exchange.get(), width * elementBytes)));
            widths.put(node.getOutput(0), width);
            return;
        }
        if (FOLDED.contains(node.getOpType()) && weights.containsKey(node.getInput(0))) {
            weights.put(node.getOutput(0), weights.get(node.getInput(0)));
            return;
        }
        tally.operators.merge(node.getOpType(), 1, Integer::sum);
        List<NamedWeight> read = node.getInputList().stream()
                .filter(weights::containsKey)
                .map(weights::get)
                .toList();
        if (!LOOK_UPS.contains(node.getOpType())) {
            tally.weightBytes += read.stream().mapToLong(GraphWorkload::bytes).sum();
        }
        if (PRODUCTS.contains(node.getOpType())) {
            tally.weightFlops +=
                    2 * read.stream().mapToLong(GraphWorkload::elements).sum();
        }
        tally.activationElements +=
                node.getInputList().stream().mapToLong(this::width).sum();
        List<Long> results = resultWidths(node, read);
        for (int i = 0; i < results.size(); i++) {
            String result = node.getOutput(i);
            if (!result.isEmpty()) {
                widths.put(result, results.get(i));
                tally.activationElements += results.get(i);
            }
        }
    }

    /** Of the first outputs of a node; any further ones are no activations. */
    private List<Long> resultWidths(NodeProto node, List<NamedWeight> read) {
        long given = node.getInputList().stream().mapToLong(this::width).max().orElse(0);
        Optional<String> past =
                node.getInputList().stream().filter(pasts::containsKey).findFirst();
        if (past.isPresent()) {
            return List.of(attend(node));
        } else if (PRODUCTS.contains(node.getOpType()) && !read.isEmpty() && given > 0) {
            return List.of(elements(read.get(0)) / given);
        } else if (node.getOpType().equals("Gather") && !read.isEmpty()) {
            return List.of(read.get(0).weight().shape().dim(1));
        } else if (node.getOpType().equals("Concat")) {
            return List.of(node.getInputList().stream().mapToLong(this::width).sum());
        } else if (node.getOpType().equals("Split")) {
            return constants.getOrDefault(node.getInput(1), List.of());
        }
        return Collections.nCopies(node.getOutputCount(), given);
    }

    /** Counts an attention, and returns the width of its result. */
    private long attend(NodeProto node) {
        long heads = node.getAttributeList().stream()
                .filter(attribute -> HEADS.contains(attribute.getName()))
                .mapToLong(AttributeProto::getI)
                .findFirst()
                .orElseThrow();
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

    private long width(String value) {
        return widths.getOrDefault(value, 0L);
    }

    private static long elements(NamedWeight weight) {
        return weight.weight().shape().elements();
    }

    private static long bytes(NamedWeight weight) {
        return elements(weight) * weight.dtype().bits() / 8;
    }
}
