package dev.twofold.onnx;

import static dev.twofold.onnx.Attributes.integer;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.onnx.GraphBuilder.Dim;
import dev.twofold.onnx.proto.TensorProto.DataType;
import dev.twofold.pass.PlainGraphs;
import dev.twofold.tensor.DType;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The definition of a decoder in the smallest standard operators, written apart from the dialects so that a mistake in
 * one is not repeated here: every norm keeps its gain, every projection is a MatMul of its own, attention is softmax
 * over an explicit mask.
 */
public final class PlainLowering implements PlainGraphs {

    private static final String X = "x";
    private static final String Y = "y";
    private static final String BASE = "base";
    private static final String NEXT = "next";
    private static final Dim[] STREAM = {Dim.named("batch"), Dim.named("tokens"), Dim.named("hidden")};

    @Override
    public PlainGraph step(Decoder decoder, Step step, int tokens) {
        Build build = new Build(STREAM);
        Turns turns = hasAttention(step) ? build.turns(decoder, tokens) : Turns.NONE;
        return build.finish(build.step(step, X, turns));
    }

    @Override
    public PlainGraph inner(Decoder decoder, Branch branch, int tokens) {
        Build build = new Build(STREAM);
        String normalized = build.norm(X, branch.in().orElseThrow());
        if (branch.body() instanceof Attention attention) {
            return build.finish(build.mixed(normalized, attention, build.turns(decoder, tokens)));
        } else if (branch.body() instanceof FeedForward feedForward) {
            return build.finish(build.gated(normalized, feedForward));
        }
        throw new IllegalArgumentException("no last projection in " + branch.body());
    }

    @Override
    public PlainGraph product() {
        Build build = new Build(Dim.named("n"), Dim.named("k"));
        return build.product();
    }

    /** Names of the rotary tables. */
    private record Turns(String cosines, String sines) {
        static final Turns NONE = new Turns("", "");
    }

    @Override
    public PlainGraph head(Norm norm, Weight rows) {
        Build build = new Build(STREAM);
        return build.finish(build.linear(build.norm(X, norm), Linear.withoutBias(rows)));
    }

    @Override
    public PlainGraph comparison(Norm norm, Weight rows) {
        Build build = new Build(Dim.named("tokens"), Dim.named("hidden"));
        return build.comparison(norm, rows);
    }

    private static boolean hasAttention(Step step) {
        return step.branches().stream()
                .anyMatch(branch -> branch.body() instanceof Attention
                        || branch.body() instanceof Chain chain
                                && chain.steps().stream().anyMatch(PlainLowering::hasAttention));
    }

    /** One model being built. */
    private static final class Build {
        private final GraphBuilder graph = new GraphBuilder(DType.F32);
        private final List<Feed> feeds = new ArrayList<>();

        Build(Dim... shape) {
            graph.input(X, DataType.FLOAT, shape);
        }

        String feed(Weight weight, long... dims) {
            String name = "w" + feeds.size();
            Dim[] shape = Arrays.stream(dims).mapToObj(Dim::of).toArray(Dim[]::new);
            feeds.add(new Feed(name, weight));
            return graph.input(name, DataType.FLOAT, shape);
        }

        private String feed(Weight weight) {
            return feed(
                    weight,
                    weight.shape().dims().stream().mapToLong(Long::longValue).toArray());
        }

        PlainGraph finish(String result) {
            graph.output(Y, DataType.FLOAT, Dim.named("batch"), Dim.named("tokens"), Dim.named("columns"));
            graph.add("result", "", "Identity", List.of(result), List.of(Y));
            return model();
        }

        private PlainGraph model() {
            Graph built = graph.build(new TreeMap<>(Map.of("", 18L)), 10);
            return new PlainGraph(OnnxFile.withoutWeights(built).toByteArray(), feeds);
        }

        PlainGraph comparison(Norm norm, Weight rows) {
            graph.input(BASE, DataType.FLOAT, Dim.named("tokens"), Dim.named("hidden"));
            graph.input(NEXT, DataType.INT64, Dim.named("tokens"), Dim.of(1));
            String gain = feed(norm.gain());
            String table = feed(Weights.transpose(rows));
            String base = node("MatMul", normalized(BASE, norm, gain), table);
            String model = node("MatMul", normalized(X, norm, gain), table);
            Map<Comparison, String> results = new EnumMap<>(Comparison.class);
            String likely = graph.node("n", "Softmax", List.of(base), integer("axis", -1));
            results.put(Comparison.BASE_LOG_SUM, logSum(base));
            results.put(Comparison.LOG_SUM, logSum(model));
            results.put(Comparison.MEAN_GAP, reduce("ReduceSum", node("Mul", likely, node("Sub", base, model))));
            results.put(Comparison.NEXT, graph.node("n", "GatherElements", List.of(model, NEXT), integer("axis", -1)));
            results.put(Comparison.LARGEST, reduce("ReduceMax", model));
            results.forEach((comparison, value) -> {
                String name = comparison.name();
                graph.output(name, DataType.FLOAT, Dim.named("tokens"), Dim.of(1));
                graph.add(name, "", "Identity", List.of(value), List.of(name));
            });
            return model();
        }

        /** As what LogSoftmax takes from each logit, because ONNX Runtime is faster at that than at ReduceLogSumExp. */
        private String logSum(String logits) {
            String normalized = graph.node("n", "LogSoftmax", List.of(logits), integer("axis", -1));
            return node("Sub", slice(logits, 0, 1), slice(normalized, 0, 1));
        }

        private String reduce(String operator, String x) {
            return node(operator, x, graph.integers(-1));
        }

        String step(Step step, String x, Turns turns) {
            String sum = x;
            for (Branch branch : step.branches()) {
                sum = node("Add", sum, branch(branch, x, turns));
            }
            return sum;
        }

        private String branch(Branch branch, String x, Turns turns) {
            if (branch.body() instanceof Chain chain) {
                String stream = x;
                for (Step step : chain.steps()) {
                    stream = step(step, stream, turns);
                }
                return node("Sub", stream, x);
            }
            String normalized = norm(x, branch.in().orElseThrow());
            if (branch.body() instanceof Attention attention) {
                return linear(mixed(normalized, attention, turns), attention.output());
            } else if (branch.body() instanceof FeedForward feedForward) {
                return linear(gated(normalized, feedForward), feedForward.down());
            }
            throw new IllegalStateException("no plain lowering for " + branch.body());
        }

        String norm(String x, Norm norm) {
            return normalized(x, norm, feed(norm.gain()));
        }

        private String normalized(String x, Norm norm, String gain) {
            String mean = node("ReduceMean", node("Mul", x, x), graph.integers(-1));
            String root = node("Sqrt", node("Add", mean, graph.number((float) norm.epsilon())));
            return node("Mul", node("Div", x, root), gain);
        }

        String linear(String x, Linear linear) {
            String product = node("MatMul", x, feed(Weights.transpose(linear.weight())));
            return linear.bias().map(bias -> node("Add", product, feed(bias))).orElse(product);
        }

        String gated(String x, FeedForward feedForward) {
            String gate = linear(x, feedForward.gate());
            String silu = node("Mul", gate, node("Sigmoid", gate));
            return node("Mul", silu, linear(x, feedForward.up()));
        }

        Turns turns(Decoder decoder, int tokens) {
            long half = decoder.rotary().headSize() / 2;
            return new Turns(
                    feed(Weights.slice(decoder.rotary().cosines(), 0, 0, tokens), tokens, half),
                    feed(Weights.slice(decoder.rotary().sines(), 0, 0, tokens), tokens, half));
        }

        PlainGraph product() {
            graph.input(BASE, DataType.FLOAT, Dim.named("n"), Dim.named("m"));
            graph.output(Y, DataType.DOUBLE, Dim.named("k"), Dim.named("m"));
            List<String> operands = List.of(wide(X), wide(BASE));
            graph.add("result", "", "Gemm", operands, List.of(Y), integer("transA", 1));
            return model();
        }

        private String wide(String x) {
            return graph.node("n", "Cast", List.of(x), integer("to", DataType.DOUBLE_VALUE));
        }

        String mixed(String x, Attention attention, Turns turns) {
            long size = attention.headSize();
            String query = rotate(heads(linear(x, attention.query()), attention.heads(), size), size, turns);
            String key = rotate(heads(linear(x, attention.key()), attention.kvHeads(), size), size, turns);
            String value = heads(linear(x, attention.value()), attention.kvHeads(), size);
            int share = attention.heads() / attention.kvHeads();
            String keys = transpose(repeat(key, attention.kvHeads(), share), 0, 1, 3, 2);
            String scale = graph.number((float) (1 / Math.sqrt(size)));
            String scores = node("Mul", node("MatMul", query, keys), scale);
            String masked = node("Where", future(scores), graph.number(Float.NEGATIVE_INFINITY), scores);
            String weights = graph.node("n", "Softmax", List.of(masked), integer("axis", -1));
            String mixed = node("MatMul", weights, repeat(value, attention.kvHeads(), share));
            String merged = transpose(mixed, 0, 2, 1, 3);
            return node("Reshape", merged, graph.integers(0, 0, attention.heads() * size));
        }

        /** {@code [batch, tokens, heads * size]} to {@code [batch, heads, tokens, size]}. */
        private String heads(String x, long heads, long size) {
            return transpose(node("Reshape", x, graph.integers(0, 0, heads, size)), 0, 2, 1, 3);
        }

        private String transpose(String x, long... order) {
            return graph.node("n", "Transpose", List.of(x), Attributes.integers("perm", order));
        }

        private String rotate(String x, long size, Turns turns) {
            String low = slice(x, 0, size / 2);
            String high = slice(x, size / 2, size);
            String turnedLow = node("Sub", node("Mul", low, turns.cosines()), node("Mul", high, turns.sines()));
            String turnedHigh = node("Add", node("Mul", high, turns.cosines()), node("Mul", low, turns.sines()));
            return graph.node("n", "Concat", List.of(turnedLow, turnedHigh), integer("axis", -1));
        }

        private String slice(String x, long from, long to) {
            return node("Slice", x, graph.integers(from), graph.integers(to), graph.integers(-1));
        }

        /** Gives each query head the KV head of its group: KV head k serves query heads k * share and on. */
        private String repeat(String x, long kvHeads, int share) {
            long[] indices = new long[Math.toIntExact(kvHeads * share)];
            for (int i = 0; i < indices.length; i++) {
                indices[i] = i / share;
            }
            return graph.node("n", "Gather", List.of(x, graph.integers(indices)), integer("axis", 1));
        }

        /** True where a key lies after its query. */
        private String future(String scores) {
            String shape = graph.node("n", "Shape", List.of(scores), integer("start", 2), integer("end", 4));
            String ones = node("Expand", graph.integer(1), shape);
            String above = graph.node("n", "Trilu", List.of(ones, graph.integer(1)), integer("upper", 1));
            return graph.node("n", "Cast", List.of(above), integer("to", DataType.BOOL_VALUE));
        }

        private String node(String operator, String... operands) {
            return graph.node("n", operator, List.of(operands));
        }
    }
}
