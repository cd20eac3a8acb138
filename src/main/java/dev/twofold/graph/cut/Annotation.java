package dev.twofold.graph.cut;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.HeadScores;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.proto.DeviceConfigurationProto;
import dev.twofold.graph.proto.NodeDeviceConfigurationProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Says of every tensor of every node of a whole graph where it has to be, in ONNX's multi-device annotations (IR version
 * 11), from which an engine can cut the graph and place the exchanges. A runtime that does not know them computes the
 * same on one device.
 *
 * <p>What is said of an input is how the node needs it; where that is not how it was made, the engine moves it. The
 * annotations have no word for a sum that is still due: a product that is cut by its inputs yields its sum.
 */
public final class Annotation {

    private static final String CONFIGURATION = "devices";
    private static final long IR_VERSION = 11;

    private final Map<String, TensorSharding> values = new HashMap<>();
    private final ShardingRules rules;
    private final TensorSharding everywhere;

    private Annotation(Graph graph, Map<Weight, TensorSharding> weights, List<Integer> everyone) {
        this.rules = new ShardingRules(graph, everyone);
        this.everywhere = TensorSharding.whole(everyone);
        graph.inputs().forEach(input -> values.put(input.getName(), everywhere));
        graph.constants().forEach(constant -> values.put(constant.getName(), everywhere));
        for (Graph.NamedWeight weight : graph.weights()) {
            boolean number = weight.weight().shape().equals(Shape.of(1));
            TensorSharding sharding = number
                    ? everywhere
                    : BlockShardings.of(weight, weights)
                            .orElseThrow(() ->
                                    new IllegalStateException("it is not known how " + weight.name() + " is cut"));
            values.put(weight.name(), sharding);
        }
    }

    /** @param decoder that the graph was made from, sharded and whole */
    public static Graph annotate(Graph graph, Decoder decoder, KvLayout layout) {
        if (decoder.attentions().anyMatch(attention -> !attention.scores().equals(HeadScores.NONE))) {
            throw TwofoldException.usage(
                            "attentions in whose softmax scores or biases of heads take part are not annotated")
                    .found("--collective annotate")
                    .hint("use --collective ort");
        }
        int devices = decoder.sharding().orElseThrow().devices();
        List<Integer> everyone = IntStream.range(0, devices).boxed().toList();
        Annotation annotation = new Annotation(graph, WeightShardings.of(decoder, layout), everyone);
        List<NodeProto> nodes = graph.nodes().stream().map(annotation::annotate).toList();
        DeviceConfigurationProto configuration = DeviceConfigurationProto.newBuilder()
                .setName(CONFIGURATION)
                .setNumDevices(devices)
                .addAllDevice(everyone.stream().map(device -> "rank-" + device).toList())
                .build();
        return graph.annotated(nodes, configuration, Math.max(IR_VERSION, graph.irVersion()));
    }

    private NodeProto annotate(NodeProto node) {
        Map<String, TensorSharding> operands = new LinkedHashMap<>();
        for (String input : node.getInputList()) {
            if (!input.isEmpty()) {
                operands.put(input, values.get(input));
            }
        }
        Map<String, TensorSharding> tensors = new LinkedHashMap<>(rules.apply(node, operands));
        // Every device is to have all logits.
        tensors.computeIfPresent(GraphNames.LOGITS, (name, sharding) -> everywhere);
        node.getOutputList().stream()
                .filter(name -> !name.isEmpty())
                .forEach(name -> values.put(name, tensors.get(name)));
        return node.toBuilder()
                .addDeviceConfigurations(NodeDeviceConfigurationProto.newBuilder()
                        .setConfigurationId(CONFIGURATION)
                        .addAllShardingSpec(tensors.entrySet().stream()
                                .map(tensor -> tensor.getValue().spec(tensor.getKey()))
                                .toList()))
                .build();
    }
}
