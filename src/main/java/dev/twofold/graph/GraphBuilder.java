package dev.twofold.graph;

import dev.twofold.graph.Graph.NamedWeight;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.graph.proto.TensorShapeProto;
import dev.twofold.graph.proto.TypeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.IntStream;

/** Builds a {@link Graph}. Values are known by their names, which this class keeps unique. */
public final class GraphBuilder {

    private final DType precision;
    private final BlockOperators blocks;
    private final List<NodeProto> nodes = new ArrayList<>();
    private final Map<String, TensorProto> constants = new LinkedHashMap<>();
    private final Map<Weight, NamedWeight> weights = new LinkedHashMap<>();
    private final List<ValueInfoProto> inputs = new ArrayList<>();
    private final List<ValueInfoProto> outputs = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> uses = new HashMap<>();

    /** @param precision the type that weights are stored and floating-point values computed in */
    public GraphBuilder(DType precision) {
        this(precision, BlockOperators.STANDARD);
    }

    /** @param blocks how what is done with weights in blocks is said */
    public GraphBuilder(DType precision, BlockOperators blocks) {
        this.precision = precision;
        this.blocks = blocks;
    }

    public BlockOperators blocks() {
        return blocks;
    }

    /** A dimension of an input or output: a number, or a name for one that varies. */
    public record Dim(long value, String name) {
        public static Dim of(long value) {
            return new Dim(value, "");
        }

        public static Dim named(String name) {
            return new Dim(0, name);
        }
    }

    /** Adds a node of the default domain with one output. */
    public String node(String name, String operator, List<String> operands, AttributeProto... attributes) {
        return node(name, "", operator, operands, 1, attributes).get(0);
    }

    /** Adds a node; an operand or output named "" is left out. */
    public List<String> node(
            String name,
            String domain,
            String operator,
            List<String> operands,
            int results,
            AttributeProto... attributes) {
        String unique = unique(name);
        List<String> values = IntStream.range(0, results)
                .mapToObj(i -> results == 1 ? unique + "/out" : unique + "/out." + i)
                .toList();
        add(unique, domain, operator, operands, values, attributes);
        return values;
    }

    /**
     * Adds a node whose outputs the caller names.
     *
     * @throws IllegalStateException if the table of operators has none like it
     */
    public void add(
            String name,
            String domain,
            String operator,
            List<String> operands,
            List<String> results,
            AttributeProto... attributes) {
        NodeProto node = NodeProto.newBuilder()
                .setName(name)
                .setDomain(domain)
                .setOpType(operator)
                .addAllInput(operands)
                .addAllOutput(results)
                .addAllAttribute(List.of(attributes))
                .build();
        OperatorTable.problem(node).ifPresent(problem -> {
            throw new IllegalStateException("node " + name + " " + problem);
        });
        nodes.add(node);
    }

    public String unique(String name) {
        if (names.add(name)) {
            return name;
        }
        String next;
        do {
            next = name + "." + uses.merge(name, 1, Integer::sum);
        } while (!names.add(next));
        return next;
    }

    /** An initializer for a weight; equal weights share one. */
    public String weight(String name, Weight weight) {
        return weight(
                name, weight, precision, dataType(precision), weight.shape().dims());
    }

    /**
     * The same of one that is not stored as other weights are, which is never one of those.
     *
     * @param type of the elements, as the graph is to declare it
     * @param dims of what it declares, which may be the bytes
     */
    public String weight(String name, Weight weight, DType stored, DataType type, List<Long> dims) {
        NamedWeight known = weights.get(weight);
        if (known == null) {
            known = new NamedWeight(unique(name), weight, stored, type, dims);
            weights.put(weight, known);
        }
        return known.name();
    }

    /** A vector of whole numbers inside the model file. */
    public String integers(long... values) {
        String name = "constants/" + Arrays.toString(values).replace(" ", "");
        constants.computeIfAbsent(name, key -> {
            TensorProto.Builder tensor = TensorProto.newBuilder()
                    .setName(key)
                    .setDataType(DataType.INT64_VALUE)
                    .addDims(values.length);
            for (long value : values) {
                tensor.addInt64Data(value);
            }
            return tensor.build();
        });
        return name;
    }

    /** A whole number inside the model file. */
    public String integer(long value) {
        String name = "constants/" + value;
        constants.computeIfAbsent(
                name,
                key -> TensorProto.newBuilder()
                        .setName(key)
                        .setDataType(DataType.INT64_VALUE)
                        .addInt64Data(value)
                        .build());
        return name;
    }

    /** A float32 number inside the model file. */
    public String number(float value) {
        String name = "constants/" + value + "f";
        constants.computeIfAbsent(
                name,
                key -> TensorProto.newBuilder()
                        .setName(key)
                        .setDataType(DataType.FLOAT_VALUE)
                        .addFloatData(value)
                        .build());
        return name;
    }

    /** A number in the model's precision, as a vector of one element. */
    public String filled(double value) {
        return weight("constants/filled", new Filled(Shape.of(1), (float) value));
    }

    public String input(String name, DataType type, Dim... shape) {
        inputs.add(value(name, type, shape));
        return name;
    }

    public void output(String name, DataType type, Dim... shape) {
        outputs.add(value(name, type, shape));
    }

    private ValueInfoProto value(String name, DataType type, Dim... shape) {
        names.add(name);
        TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
        for (Dim dim : shape) {
            if (dim.name().isEmpty()) {
                dims.addDimBuilder().setDimValue(dim.value());
            } else {
                dims.addDimBuilder().setDimParam(dim.name());
            }
        }
        TypeProto.Tensor tensor = TypeProto.Tensor.newBuilder()
                .setElemType(type.getNumber())
                .setShape(dims)
                .build();
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder().setTensorType(tensor))
                .build();
    }

    /** The type of floating-point values. */
    public DType precision() {
        return precision;
    }

    /** The ONNX type of floating-point values. */
    public DataType floating() {
        return dataType(precision);
    }

    /** What ONNX calls a type. */
    public static DataType dataType(DType dtype) {
        return switch (dtype) {
            case U4 -> DataType.UINT4;
            case I4 -> DataType.INT4;
            case U8 -> DataType.UINT8;
            case I8 -> DataType.INT8;
            case F32 -> DataType.FLOAT;
            case F16 -> DataType.FLOAT16;
            case BF16 -> DataType.BFLOAT16;
            default -> throw new IllegalArgumentException("no weights of type " + dtype);
        };
    }

    public Graph build(SortedMap<String, Long> opsets, long irVersion) {
        return new Graph(
                nodes,
                List.copyOf(constants.values()),
                List.copyOf(weights.values()),
                inputs,
                outputs,
                opsets,
                irVersion,
                List.of());
    }
}
