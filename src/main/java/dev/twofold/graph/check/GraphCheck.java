package dev.twofold.graph.check;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.operator.OperatorName;
import dev.twofold.graph.proto.FunctionProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.OperatorSetIdProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads a model back and checks it as the ONNX checker does, and for what Twofold promises beyond: names of nodes are
 * unique, external data is page-aligned, inside its file and nobody else's, and nothing is in the file that this check
 * does not understand. Operators are looked up in Twofold's own table of them; what their operands may be, loading the
 * model finds out.
 *
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/IR.md">ONNX intermediate representation</a>
 */
public final class GraphCheck {

    /** What ONNX Runtime 1.29 loads. */
    private static final long MIN_IR = 3;

    private static final long MAX_IR = 13;
    private static final long MAX_STANDARD_OPSET = 26;
    private static final long MICROSOFT_OPSET = 1;

    private final List<String> problems = new ArrayList<>();
    private final TensorCheck tensors;

    private GraphCheck(Path directory) {
        this.tensors = new TensorCheck(directory, problems::add);
    }

    /**
     * Checks every graph in a directory of one model.
     *
     * @throws IllegalStateException if it is malformed, which is a bug of ours
     * @throws TwofoldException of kind ENVIRONMENT if it cannot be read
     */
    public static void require(Path directory) {
        for (String name : GraphNames.GRAPHS) {
            Path file = directory.resolve(name);
            if (name.equals(GraphNames.MODEL) || Files.exists(file)) {
                requireFile(file);
            }
        }
    }

    /** The same of one graph. */
    public static void requireFile(Path file) {
        List<String> problems = problems(file);
        if (!problems.isEmpty()) {
            throw new IllegalStateException(
                    "the emitted graph is malformed: " + file.getFileName() + ": " + String.join("; ", problems));
        }
    }

    /** What is wrong with a graph and the data beside it that it refers to; empty if nothing is. */
    public static List<String> problems(Path file) {
        try {
            return problems(ModelProto.parseFrom(Files.readAllBytes(file)), file.resolveSibling(""));
        } catch (IOException e) {
            throw TwofoldException.environment("what was just written cannot be read")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }

    static List<String> problems(ModelProto model, Path directory) {
        GraphCheck check = new GraphCheck(directory);
        check.model(model);
        return List.copyOf(check.problems);
    }

    private void model(ModelProto model) {
        if (model.getIrVersion() < MIN_IR || model.getIrVersion() > MAX_IR) {
            problems.add("IR version " + model.getIrVersion() + ", not " + MIN_IR + " to " + MAX_IR);
        }
        Known.require(model, "the model", problems::add);
        Map<String, Long> opsets = opsets("the model", model.getOpsetImportList());
        Set<OperatorName> functions = model.getFunctionsList().stream()
                .map(function -> new OperatorName(function.getDomain(), function.getName()))
                .collect(Collectors.toSet());
        Set<String> places = new HashSet<>();
        model.getFunctionsList().forEach(function -> function(function, functions, places));
        graph(model.getGraph(), new OperatorCheck(opsets.keySet(), functions));
        tensors.requireApart();
    }

    private Map<String, Long> opsets(String place, List<OperatorSetIdProto> imports) {
        Map<String, Long> opsets = new LinkedHashMap<>();
        if (imports.isEmpty()) {
            problems.add(place + " imports no operator set");
        }
        for (OperatorSetIdProto opset : imports) {
            String domain = OperatorName.domain(opset.getDomain());
            if (opsets.put(domain, opset.getVersion()) != null) {
                problems.add(place + " imports the domain '" + domain + "' twice");
            }
            boolean allowed = switch (domain) {
                case "" -> opset.getVersion() >= 1 && opset.getVersion() <= MAX_STANDARD_OPSET;
                case OperatorName.MICROSOFT -> opset.getVersion() == MICROSOFT_OPSET;
                default -> opset.getVersion() >= 1;
            };
            if (!allowed) {
                problems.add(place + " imports version " + opset.getVersion() + " of the domain '" + domain + "'");
            }
        }
        return opsets;
    }

    private void function(FunctionProto function, Set<OperatorName> functions, Set<String> places) {
        String place = "function " + function.getDomain() + ":" + function.getName();
        if (function.getName().isEmpty() || !places.add(place + ":" + function.getOverload())) {
            problems.add(place + " has no name of its own");
        }
        Known.require(function, place, problems::add);
        Set<String> domains = opsets(place, function.getOpsetImportList()).keySet();
        ScopeCheck scope = ScopeCheck.ofFunction(place, new OperatorCheck(domains, functions), tensors, problems::add);
        function.getInputList().forEach(scope::define);
        scope.nodes(function.getNodeList());
        function.getOutputList().forEach(scope::requireDefined);
    }

    private void graph(GraphProto graph, OperatorCheck operators) {
        if (graph.getName().isEmpty()) {
            problems.add("the graph has no name");
        }
        Known.require(graph, "the graph", problems::add);
        ScopeCheck scope = ScopeCheck.ofGraph("the graph", operators, tensors, problems::add);
        for (ValueInfoProto input : graph.getInputList()) {
            requireTyped("input", input);
            scope.define(input.getName());
        }
        for (TensorProto initializer : graph.getInitializerList()) {
            tensors.check("initializer " + initializer.getName(), initializer);
            scope.define(initializer.getName());
        }
        scope.nodes(graph.getNodeList());
        Set<String> outputs = new HashSet<>();
        for (ValueInfoProto output : graph.getOutputList()) {
            requireTyped("output", output);
            scope.requireDefined(output.getName());
            if (!outputs.add(output.getName())) {
                problems.add("output " + output.getName() + " is named twice");
            }
        }
        Set<String> described = new HashSet<>();
        for (ValueInfoProto value : graph.getValueInfoList()) {
            scope.requireDefined(value.getName());
            if (!described.add(value.getName())) {
                problems.add("value " + value.getName() + " is described twice");
            }
        }
    }

    private void requireTyped(String role, ValueInfoProto value) {
        boolean typed = value.getType().hasTensorType()
                && value.getType().getTensorType().getElemType() != TensorProto.DataType.UNDEFINED_VALUE
                && value.getType().getTensorType().hasShape();
        if (!typed) {
            problems.add(role + " " + value.getName() + " has no tensor type and shape");
        }
    }
}
