package dev.twofold.graph.plain;

import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Norm.Kind;
import dev.twofold.execution.PlainGraphs.Feed;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.graph.Attributes;
import dev.twofold.graph.Graph;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.GraphBuilder.Dim;
import dev.twofold.graph.OnnxFile;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.DType;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Transposed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** One plain model being built, whose weights are inputs. */
final class PlainBuild {

    private static final String MICROSOFT = "com.microsoft";

    private final GraphBuilder graph = new GraphBuilder(DType.F32);
    private final List<Feed> feeds = new ArrayList<>();
    private final Map<String, Long> domains = new HashMap<>(Map.of("", 18L));
    /** Values that a runtime rounds to the type that it computes in. */
    private final List<String> rounded = new ArrayList<>();

    PlainBuild input(String name, DataType type, Dim... shape) {
        graph.input(name, type, shape);
        return this;
    }

    PlainBuild output(String name, DataType type, String value, Dim... shape) {
        graph.output(name, type, shape);
        graph.add(name, "", "Identity", List.of(value), List.of(name));
        return this;
    }

    PlainGraph finish() {
        Graph built = graph.build(new TreeMap<>(domains), 10);
        return new PlainGraph(OnnxFile.withoutWeights(built).toByteArray(), feeds);
    }

    String feed(Weight weight) {
        return feed(
                weight,
                weight.shape().dims().stream().mapToLong(Long::longValue).toArray());
    }

    /** A weight whose shape is known although it is more easily written as another. */
    String feed(Weight weight, long... dims) {
        String name = "w" + feeds.size();
        Dim[] shape = Arrays.stream(dims).mapToObj(Dim::of).toArray(Dim[]::new);
        feeds.add(new Feed(name, weight));
        return graph.input(name, DataType.FLOAT, shape);
    }

    String node(String operator, String... operands) {
        return graph.node("n", operator, List.of(operands));
    }

    String node(String operator, List<String> operands, AttributeProto... attributes) {
        return graph.node("n", operator, operands, attributes);
    }

    /** The first of the results of an operator of ONNX Runtime's own. */
    String microsoft(String operator, List<String> operands, int results, AttributeProto... attributes) {
        domains.put(MICROSOFT, 1L);
        return graph.node("n", MICROSOFT, operator, operands, results, attributes)
                .get(0);
    }

    /** The largest elements along the last axis, and where they were. */
    List<String> topK(String x, int count) {
        return graph.node("n", "", "TopK", List.of(x, graph.integers(count)), 2, Attributes.integer("axis", -1));
    }

    String number(double value) {
        return graph.number((float) value);
    }

    String integer(long value) {
        return graph.integer(value);
    }

    String integers(long... values) {
        return graph.integers(values);
    }

    String reduce(String operator, String x) {
        return node(operator, x, integers(-1));
    }

    String slice(String x, long from, long to) {
        return node("Slice", x, integers(from), integers(to), integers(-1));
    }

    /** {@code cap * tanh(x / cap)}. */
    String cap(String x, double cap) {
        return node("Mul", node("Tanh", node("Div", x, number(cap))), number(cap));
    }

    String linear(String x, Linear linear) {
        String product = product(linear.weight()).apply(x);
        return rounded(
                linear.bias().map(bias -> node("Add", product, feed(bias))).orElse(product));
    }

    /**
     * {@code x W^T}, of one weight with any {@code x}. The weight is fed the way its numbers lie in the checkpoint, because
     * turning it takes longer than its product with a few dozen tokens. Either product is the same to the last bit.
     */
    UnaryOperator<String> product(Weight weight) {
        if (weight instanceof Transposed turned) {
            String matrix = feed(turned.source());
            return x -> node("MatMul", x, matrix);
        }
        String matrix = feed(weight);
        return x ->
                timesTransposed(x, matrix, weight.shape().dim(0), weight.shape().dim(1));
    }

    /** Gemm reads a matrix transposed, but only takes matrices. */
    private String timesTransposed(String x, String matrix, long outputs, long inputs) {
        String rows = node("Reshape", x, integers(-1, inputs));
        String product = node("Gemm", List.of(rows, matrix), Attributes.integer("transB", 1));
        String tokens = node("Shape", List.of(x), Attributes.integer("start", 0), Attributes.integer("end", -1));
        String shape = node("Concat", List.of(tokens, integers(outputs)), Attributes.integer("axis", 0));
        return node("Reshape", product, shape);
    }

    /** Remembers a value for the next {@link #peak}. */
    String rounded(String value) {
        rounded.add(value);
        return value;
    }

    /** The largest magnitude, {@code [1]}, of what was remembered since the last one. */
    String peak() {
        List<String> peaks = rounded.stream()
                .map(value -> node("ReduceMax", List.of(node("Abs", value)), Attributes.integer("keepdims", 0)))
                .toList();
        rounded.clear();
        return node("Reshape", node("Max", peaks), integers(1));
    }

    String norm(String x, Norm norm) {
        return normalizer(norm).apply(x);
    }

    Normalizer normalizer(Norm norm) {
        return new Normalizer(norm, feed(norm.gain()), norm.bias().map(this::feed));
    }

    /** {@code unit(x)} over the last axis. */
    String unit(String x, Norm norm) {
        String centred = norm.kind() == Kind.LAYER ? node("Sub", x, reduce("ReduceMean", x)) : x;
        String mean = reduce("ReduceMean", node("Mul", centred, centred));
        return node("Div", centred, node("Sqrt", node("Add", mean, number(norm.epsilon()))));
    }

    /** A norm whose gain and bias are fed once. */
    final class Normalizer {
        private final Norm norm;
        private final String gain;
        private final Optional<String> bias;

        Normalizer(Norm norm, String gain, Optional<String> bias) {
            this.norm = norm;
            this.gain = gain;
            this.bias = bias;
        }

        String apply(String x) {
            String scaled = node("Mul", unit(x, norm), gain);
            return bias.map(values -> node("Add", scaled, values)).orElse(scaled);
        }
    }
}
