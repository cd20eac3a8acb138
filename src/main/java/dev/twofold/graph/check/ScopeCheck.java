package dev.twofold.graph.check;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The nodes of a graph, a subgraph or a function: each reads what is defined before it, and defines values that nobody
 * else does. A subgraph sees the values around it, and may not define them again.
 */
final class ScopeCheck {

    private final String place;
    private final boolean function;
    private final OperatorCheck operators;
    private final TensorCheck tensors;
    private final Consumer<String> problems;
    private final Set<String> values;
    private final Set<String> nodes = new HashSet<>();

    private ScopeCheck(
            String place,
            boolean function,
            OperatorCheck operators,
            Set<String> values,
            TensorCheck tensors,
            Consumer<String> problems) {
        this.place = place;
        this.function = function;
        this.operators = operators;
        this.values = values;
        this.tensors = tensors;
        this.problems = problems;
    }

    static ScopeCheck ofGraph(String place, OperatorCheck operators, TensorCheck tensors, Consumer<String> problems) {
        return new ScopeCheck(place, false, operators, new HashSet<>(), tensors, problems);
    }

    /** A function's attributes may refer to those of the node that calls it. */
    static ScopeCheck ofFunction(
            String place, OperatorCheck operators, TensorCheck tensors, Consumer<String> problems) {
        return new ScopeCheck(place, true, operators, new HashSet<>(), tensors, problems);
    }

    void define(String value) {
        if (value.isEmpty()) {
            problems.accept(place + " defines a value without a name");
        } else if (!values.add(value)) {
            problems.accept("value " + value + " is defined twice");
        }
    }

    void requireDefined(String value) {
        if (!values.contains(value)) {
            problems.accept("value " + value + " of " + place + " is not defined");
        }
    }

    void nodes(List<NodeProto> all) {
        all.forEach(this::node);
    }

    private void node(NodeProto node) {
        String name = "node " + node.getName();
        Known.require(node, name, problems);
        if (node.getName().isEmpty() || !nodes.add(node.getName())) {
            problems.accept(name + " (" + node.getOpType() + ") has no name of its own");
        }
        operators.problem(node).ifPresent(problem -> problems.accept(name + " " + problem));
        for (String input : node.getInputList()) {
            if (!input.isEmpty() && !values.contains(input)) {
                problems.accept(name + " reads " + input + ", which is not defined before it");
            }
        }
        Set<String> attributes = new HashSet<>();
        for (AttributeProto attribute : node.getAttributeList()) {
            if (attribute.getName().isEmpty() || !attributes.add(attribute.getName())) {
                problems.accept(name + " has the attribute '" + attribute.getName() + "' twice or without a name");
            }
            attribute(name + ", attribute " + attribute.getName(), attribute);
        }
        if (node.getOutputList().stream().allMatch(String::isEmpty)) {
            problems.accept(name + " has no output");
        }
        node.getOutputList().stream().filter(output -> !output.isEmpty()).forEach(this::define);
    }

    private void attribute(String name, AttributeProto attribute) {
        Known.require(attribute, name, problems);
        if (attribute.hasRefAttrName()) {
            if (!function || present(attribute) > 0) {
                problems.accept(name + " refers to another outside a function, or has a value as well");
            }
            return;
        }
        // An empty list is a value that takes no field.
        boolean fits = switch (attribute.getType()) {
            case FLOAT -> attribute.hasF() && present(attribute) == 1;
            case INT -> attribute.hasI() && present(attribute) == 1;
            case STRING -> attribute.hasS() && present(attribute) == 1;
            case TENSOR -> attribute.hasT() && present(attribute) == 1;
            case GRAPH -> attribute.hasG() && present(attribute) == 1;
            case FLOATS -> present(attribute) == Math.min(1, attribute.getFloatsCount());
            case INTS -> present(attribute) == Math.min(1, attribute.getIntsCount());
            case STRINGS -> present(attribute) == Math.min(1, attribute.getStringsCount());
            case TENSORS -> present(attribute) == Math.min(1, attribute.getTensorsCount());
            case GRAPHS -> present(attribute) == Math.min(1, attribute.getGraphsCount());
            case UNDEFINED -> false;
        };
        if (!fits) {
            problems.accept(name + " does not have the one value of its type " + attribute.getType());
        }
        if (attribute.hasT()) {
            tensors.check(name, attribute.getT());
        }
        attribute.getTensorsList().forEach(tensor -> tensors.check(name, tensor));
        if (attribute.hasG()) {
            subgraph(name, attribute.getG());
        }
        attribute.getGraphsList().forEach(graph -> subgraph(name, graph));
    }

    /** Fields of an attribute that hold something. */
    private static int present(AttributeProto attribute) {
        boolean[] fields = {
            attribute.hasF(),
            attribute.hasI(),
            attribute.hasS(),
            attribute.hasT(),
            attribute.hasG(),
            attribute.getFloatsCount() > 0,
            attribute.getIntsCount() > 0,
            attribute.getStringsCount() > 0,
            attribute.getTensorsCount() > 0,
            attribute.getGraphsCount() > 0
        };
        int count = 0;
        for (boolean field : fields) {
            count += field ? 1 : 0;
        }
        return count;
    }

    private void subgraph(String name, GraphProto graph) {
        Known.require(graph, name, problems);
        ScopeCheck inner = new ScopeCheck(name, function, operators, new HashSet<>(values), tensors, problems);
        graph.getInputList().stream().map(ValueInfoProto::getName).forEach(inner::define);
        for (TensorProto initializer : graph.getInitializerList()) {
            tensors.check(name + ", initializer " + initializer.getName(), initializer);
            inner.define(initializer.getName());
        }
        inner.nodes(graph.getNodeList());
        graph.getOutputList().stream().map(ValueInfoProto::getName).forEach(inner::requireDefined);
    }
}
