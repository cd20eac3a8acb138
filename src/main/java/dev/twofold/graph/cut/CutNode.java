package dev.twofold.graph.cut;

import dev.twofold.graph.Graph;
import dev.twofold.graph.operator.CutRule;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.tensor.Shape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A node of which an operand is cut, and what a rule says of its tensors. Those that it does not mention are whole on the
 * devices that run the node.
 *
 * @param operands where the inputs were made
 * @param tensors what the rule says, by name
 */
record CutNode(
        NodeProto proto, Map<String, TensorSharding> operands, Map<String, TensorSharding> tensors, Shapes shapes) {

    /**
     * What rules need to know of shapes.
     *
     * @param vectors constant vectors of whole numbers
     * @param numbers tensors of one element
     * @param columns values whose last axis has length one
     */
    record Shapes(Map<String, List<Long>> vectors, Set<String> numbers, Set<String> columns) {

        static Shapes of(Graph graph) {
            Map<String, List<Long>> vectors = new HashMap<>();
            Set<String> numbers = new HashSet<>();
            Set<String> columns = new HashSet<>();
            for (TensorProto constant : graph.constants()) {
                vectors.put(constant.getName(), constant.getInt64DataList());
                if (constant.getDimsCount() == 0) {
                    numbers.add(constant.getName());
                }
            }
            graph.weights().stream()
                    .filter(weight -> weight.weight().shape().equals(Shape.of(1)))
                    .forEach(weight -> numbers.add(weight.name()));
            graph.nodes().stream()
                    .filter(node -> OperatorTable.of(node).cutting() == CutRule.ELEMENTWISE)
                    .filter(node -> numbers.containsAll(node.getInputList()))
                    .forEach(node -> numbers.add(node.getOutput(0)));
            graph.nodes().stream()
                    .filter(node -> node.getOpType().equals("Unsqueeze"))
                    .filter(node -> List.of(-1L).equals(vectors.get(node.getInput(1))))
                    .forEach(node -> columns.add(node.getOutput(0)));
            Set<String> narrow = graph.weights().stream()
                    .filter(weight -> weight.dims().size() == 2 && weight.dims().get(1) == 1)
                    .map(Graph.NamedWeight::name)
                    .collect(Collectors.toSet());
            graph.nodes().stream()
                    .filter(node -> node.getOpType().equals("Gather") && narrow.contains(node.getInput(0)))
                    .forEach(node -> columns.add(node.getOutput(0)));
            return new Shapes(vectors, numbers, columns);
        }
    }

    TensorSharding operand(int index) {
        TensorSharding known = operands.get(proto.getInput(index));
        if (known == null) {
            throw new IllegalStateException("nothing is known of operand " + index + " of " + proto.getName());
        }
        return known;
    }

    void input(int index, TensorSharding sharding) {
        set(proto.getInput(index), sharding);
    }

    void output(int index, TensorSharding sharding) {
        set(proto.getOutput(index), sharding);
    }

    private void set(String name, TensorSharding sharding) {
        if (!name.isEmpty()) {
            tensors.put(name, sharding);
        }
    }

    /** The elements of an operand that is constant; none if it is not. */
    List<Long> numbers(int index) {
        return shapes.vectors().getOrDefault(proto.getInput(index), List.of());
    }

    /** Whether an operand has one element. */
    boolean isNumber(int index) {
        return shapes.numbers().contains(proto.getInput(index));
    }

    /** Whether the last axis of an operand has length one. */
    boolean isColumn(int index) {
        return shapes.columns().contains(proto.getInput(index));
    }

    /** A whole number; zero if the node does not say. */
    long attribute(String name) {
        return proto.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(name))
                .mapToLong(AttributeProto::getI)
                .findFirst()
                .orElse(0);
    }

    void require(boolean condition) {
        if (!condition) {
            throw new IllegalStateException(
                    proto.getOpType() + " " + proto.getName() + " cannot run on operands cut like " + operands);
        }
    }
}
