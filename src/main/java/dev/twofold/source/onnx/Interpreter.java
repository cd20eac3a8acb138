package dev.twofold.source.onnx;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.AttributeProto.AttributeType;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.weight.WeightEvaluator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Goes through a graph from its inputs on, and says of every value what it is. */
final class Interpreter {

    /** Those of several operators go before those of one. */
    private static final List<Rule> RULES = Stream.of(
                    Spellings.ALL,
                    SizeRules.ALL,
                    NumberRules.ALL,
                    MaskRules.ALL,
                    RampRules.ALL,
                    RotaryRules.ALL,
                    HeadRules.ALL,
                    GroupedHeadRules.ALL,
                    MatrixRules.ALL,
                    NormRules.ALL,
                    AttentionRules.ALL,
                    MixtureRules.ALL,
                    ElementRules.ALL)
            .flatMap(List::stream)
            .toList();

    private static final String CONSTANT = "Constant";

    /** Attributes that some exporters say though they are 0, which they are unless they are said. */
    private static final Set<String> UNSAID = Set.of("allowzero", "noop_with_empty_axes", "start");

    private static final Pattern LONGER = PatternText.parse("Greater(total, ?=n)");

    private final ModelGraph graph;
    private final Values values;
    private final Map<String, Value> byName = new HashMap<>();

    private Interpreter(ModelGraph graph, WeightEvaluator numbers) {
        this.graph = graph;
        this.values = new Values(RULES, numbers);
    }

    /** Every rule, in the order in which they are tried. */
    static List<Rule> rules() {
        return RULES;
    }

    /**
     * The values of a graph by their names.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if a node needs what no node before it makes
     */
    static Map<String, Value> interpret(ModelGraph graph, WeightEvaluator numbers) {
        Interpreter interpreter = new Interpreter(graph, numbers);
        interpreter.run();
        return interpreter.byName;
    }

    private void run() {
        graph.inputs().forEach(name -> byName.put(name, values.of(new Term.Input(name))));
        for (NodeProto node : graph.nodes()) {
            if (node.getOpType().equals(CONSTANT)) {
                constant(node);
            } else {
                apply(node);
            }
        }
    }

    private void constant(NodeProto node) {
        Value value = Subgraphs.constant(node, graph)
                .map(values::of)
                .orElseGet(() -> values.of(new Call(CONSTANT, attributes(node), List.of(), 0), Optional.of(node)));
        node.getOutputList().forEach(name -> define(node, name, value));
    }

    private static Map<String, AttributeProto> attributes(NodeProto node) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getType() != AttributeType.INT
                        || attribute.getI() != 0
                        || !UNSAID.contains(attribute.getName()))
                .collect(Collectors.toUnmodifiableMap(
                        AttributeProto::getName, attribute -> attribute, (first, second) -> second));
    }

    private void apply(NodeProto node) {
        List<Optional<Value>> inputs = new ArrayList<>();
        for (String name : node.getInputList()) {
            inputs.add(name.isEmpty() ? Optional.empty() : Optional.of(value(node, name)));
        }
        while (!inputs.isEmpty() && inputs.get(inputs.size() - 1).isEmpty()) {
            inputs.remove(inputs.size() - 1);
        }
        String domain = node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx") ? "" : node.getDomain() + ".";
        for (int output = 0; output < node.getOutputCount(); output++) {
            if (!node.getOutput(output).isEmpty()) {
                Optional<Value> chosen = chosen(node, inputs, output);
                if (chosen.isPresent()) {
                    define(node, node.getOutput(output), chosen.get());
                    continue;
                }
                Call call = new Call(domain + node.getOpType(), attributes(node), List.copyOf(inputs), output);
                define(node, node.getOutput(output), values.of(call, Optional.of(node)));
            }
        }
    }

    /**
     * Where a graph takes other tables for texts beyond a length, those of texts up to it: the decoder is right for these, and its
     * tables end there.
     */
    private Optional<Value> chosen(NodeProto node, List<Optional<Value>> inputs, int output) {
        if (!node.getOpType().equals("If") || inputs.size() != 1) {
            return Optional.empty();
        }
        Pattern.Captures captures = new Pattern.Captures();
        boolean longer = inputs.get(0)
                .filter(condition -> LONGER.matches(condition, captures))
                .filter(condition -> captures.whole("n").size() == 1)
                .isPresent();
        return longer
                ? Subgraphs.branch(node, "else_branch", output, graph)
                        .map(values::of)
                        .flatMap(table ->
                                Subgraphs.upTo(table, captures.whole("n").get(0), values))
                : Optional.empty();
    }

    private Value value(NodeProto node, String name) {
        Value value = byName.get(name);
        if (value != null) {
            return value;
        }
        Tensor tensor = graph.tensors().get(name);
        if (tensor == null) {
            throw graph.wrong("a value that no node before this one makes", node)
                    .found(name)
                    .expected("an input, a constant, or what a node before makes")
                    .hint("a node is missing, or the graph goes in a circle: export the model again");
        }
        Value constant = values.of(Constants.of(tensor));
        byName.put(name, constant);
        return constant;
    }

    private void define(NodeProto node, String name, Value value) {
        if (byName.put(name, value) != null) {
            throw graph.wrong("a value that is made twice", node).found(name);
        }
    }
}
