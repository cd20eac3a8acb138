package dev.twofold.graph;

import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.operator.WeightUse;
import dev.twofold.graph.proto.DeviceConfigurationProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.tensor.DType;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.SortedMap;

/**
 * A graph ready for protobuf, but for its weights, which are still expressions.
 *
 * @param nodes in topological order
 * @param constants small initializers, kept inside the model file
 * @param weights initializers that go to the external data file, in the order of their first use
 * @param opsets the operator set version of each domain
 * @param configurations the devices that its nodes' annotations speak of; none without annotations
 */
public record Graph(
        List<NodeProto> nodes,
        List<TensorProto> constants,
        List<NamedWeight> weights,
        List<ValueInfoProto> inputs,
        List<ValueInfoProto> outputs,
        SortedMap<String, Long> opsets,
        long irVersion,
        List<DeviceConfigurationProto> configurations) {

    public Graph {
        nodes = List.copyOf(nodes);
        constants = List.copyOf(constants);
        weights = List.copyOf(weights);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        configurations = List.copyOf(configurations);
    }

    /** The same with annotated nodes. */
    public Graph annotated(List<NodeProto> others, DeviceConfigurationProto configuration, long version) {
        return new Graph(others, constants, weights, inputs, outputs, opsets, version, List.of(configuration));
    }

    /** Whether there is an operator that runs the chosen ones of some experts alone. */
    public boolean runsChosenExperts() {
        return nodes.stream().anyMatch(node -> OperatorTable.of(node).weights() == WeightUse.CHOSEN);
    }

    /**
     * A weight under its name in the graph, and how it is stored.
     *
     * @param type of its elements, as the graph declares it: of several to a byte, perhaps that of the bytes
     * @param dims of what the graph declares
     */
    public record NamedWeight(String name, Weight weight, DType dtype, DataType type, List<Long> dims) {

        public NamedWeight {
            dims = List.copyOf(dims);
        }
    }
}
