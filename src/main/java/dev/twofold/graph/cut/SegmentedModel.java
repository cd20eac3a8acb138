package dev.twofold.graph.cut;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.Exchange;
import dev.twofold.execution.GraphNames;
import dev.twofold.execution.Segment;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.ValueTypes;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TypeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The model of one device, cut at its collectives into segments that a runtime without them runs. Every node is in the
 * segment after the last exchange that it depends on.
 *
 * <pre>
 * shipped                                            segments
 *   embed -> attention -> AllReduce -> feed-forward    embed -> attention | feed-forward
 *         -> AllReduce -> ... -> head                                     | ... -> head
 * </pre>
 */
public final class SegmentedModel {

    private final ModelProto model;
    private final ValueTypes types;
    /** Of every value, the number of exchanges that it depends on. */
    private final Map<String, Integer> depths = new HashMap<>();

    private final List<List<NodeProto>> nodes = new ArrayList<>();
    private final List<Exchange> exchanges = new ArrayList<>();

    private SegmentedModel(ModelProto model) {
        this.model = model;
        this.types = new ValueTypes(model.getGraph());
        nodes.add(new ArrayList<>());
        model.getGraph().getNodeList().forEach(this::place);
    }

    /**
     * The segments in the order in which they run, which is the same on every device.
     *
     * @param directory holds a device's {@code model.onnx}
     * @param widened whether a model of 16-bit numbers is to compute in fp32, as {@link WidenedModel} does
     * @throws TwofoldException of kind INPUT if the model cannot be read, or has operators that Twofold does not emit
     */
    public static List<Segment> read(Path directory, boolean widened) {
        return read(directory, widened ? WidenedModel::of : UnaryOperator.identity());
    }

    /**
     * The same of the model in another form.
     *
     * @param form of each segment
     */
    public static List<Segment> read(Path directory, UnaryOperator<ModelProto> form) {
        ModelProto model = ModelFile.read(directory);
        model.getGraph().getNodeList().forEach(node -> requireOwn(node, directory));
        SegmentedModel cut = new SegmentedModel(model);
        return IntStream.range(0, cut.nodes.size())
                .mapToObj(index -> cut.segment(index, form))
                .toList();
    }

    /** Someone may have changed the model since it was written. */
    private static void requireOwn(NodeProto node, Path directory) {
        OperatorTable.problem(node).ifPresent(problem -> {
            throw TwofoldException.input("not a model that Twofold wrote")
                    .at(Origin.file(directory.resolve(GraphNames.MODEL)))
                    .found("node " + node.getName() + " " + problem)
                    .hint("convert the checkpoint again");
        });
    }

    private void place(NodeProto node) {
        int depth = node.getInputList().stream()
                .mapToInt(input -> depths.getOrDefault(input, 0))
                .max()
                .orElse(0);
        Optional<Exchange.Kind> kind = OperatorTable.of(node).exchange(node);
        if (kind.isPresent()) {
            if (depth != exchanges.size()) {
                throw new IllegalStateException(node.getName() + " does not follow the exchange before it");
            }
            exchanges.add(new Exchange(kind.get(), node.getInput(0), node.getOutput(0)));
            nodes.add(new ArrayList<>());
            depth++;
        } else {
            nodes.get(depth).add(node);
        }
        for (String output : node.getOutputList()) {
            depths.put(output, depth);
        }
    }

    private Segment segment(int index, UnaryOperator<ModelProto> form) {
        List<NodeProto> own = nodes.get(index);
        Set<String> made = outputs(own);
        Set<String> read = inputs(own);
        read.removeAll(made);
        Set<String> wanted = inputs(nodes.subList(index + 1, nodes.size()).stream()
                .flatMap(Collection::stream)
                .toList());
        model.getGraph().getOutputList().forEach(output -> wanted.add(output.getName()));
        Optional<Exchange> then = index < exchanges.size() ? Optional.of(exchanges.get(index)) : Optional.empty();
        then.ifPresent(exchange -> wanted.add(exchange.input()));
        made.retainAll(wanted);

        List<TensorProto> weights = model.getGraph().getInitializerList().stream()
                .filter(tensor -> read.contains(tensor.getName()))
                .toList();
        weights.forEach(tensor -> read.remove(tensor.getName()));
        GraphProto graph = GraphProto.newBuilder()
                .setName(model.getGraph().getName() + "." + index)
                .addAllNode(own)
                .addAllInitializer(weights)
                .addAllInput(read.stream().map(this::describe).toList())
                .addAllOutput(made.stream().map(this::describe).toList())
                .build();
        ModelProto alone = model.toBuilder().setGraph(graph).build();
        return new Segment(form.apply(alone).toByteArray(), List.copyOf(read), List.copyOf(made), then);
    }

    private static Set<String> inputs(List<NodeProto> nodes) {
        return names(nodes.stream().flatMap(node -> node.getInputList().stream()));
    }

    private static Set<String> outputs(List<NodeProto> nodes) {
        return names(nodes.stream().flatMap(node -> node.getOutputList().stream()));
    }

    private static Set<String> names(Stream<String> values) {
        return values.filter(name -> !name.isEmpty()).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** A value as the whole graph declares it, or by its type alone. */
    private ValueInfoProto describe(String name) {
        GraphProto graph = model.getGraph();
        return Stream.concat(graph.getInputList().stream(), graph.getOutputList().stream())
                .filter(value -> value.getName().equals(name))
                .findFirst()
                .orElseGet(() -> ValueInfoProto.newBuilder()
                        .setName(name)
                        .setType(TypeProto.newBuilder()
                                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(types.of(name))))
                        .build());
    }
}
