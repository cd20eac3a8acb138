package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.QueryKeyNorm.Span;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Routers;
import dev.twofold.decoder.Step;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Steps in the smallest operators, over whole windows of one length. */
final class PlainStep {

    private final PlainBuild build;
    private final int tokens;
    private final boolean fused;
    private final Map<Rotary, Turns> turns = new HashMap<>();

    /** @param fused whether ONNX Runtime's own operators may be used */
    PlainStep(PlainBuild build, int tokens, boolean fused) {
        this.build = build;
        this.tokens = tokens;
        this.fused = fused;
    }

    /** Names of rotary tables, {@code [tokens, width / 2]}. */
    private record Turns(String cosines, String sines) {}

    String step(Step step, String x) {
        String sum = x;
        for (Branch branch : step.branches()) {
            sum = build.node("Add", sum, branch(branch, x));
        }
        return sum;
    }

    /**
     * Branches side by side.
     *
     * @param sum the stream after them
     * @param peaks largest magnitudes of what each branch computes, and of the stream with its result in it
     */
    record Watched(String sum, List<String> peaks) {}

    Watched watched(Step step, String x) {
        String sum = x;
        List<String> peaks = new ArrayList<>();
        for (Branch branch : step.branches()) {
            sum = build.rounded(build.node("Add", sum, build.rounded(branch(branch, x))));
            peaks.add(build.peak());
        }
        return new Watched(sum, peaks);
    }

    private String branch(Branch branch, String x) {
        String result = branch.body().match(new Result(branch, x));
        return branch.out().map(norm -> build.norm(result, norm)).orElse(result);
    }

    /** What the routers of a step choose, as numbers; see {@link Routers}. */
    List<String> choices(Step step, String x) {
        List<String> choices = new ArrayList<>();
        for (Branch branch : step.branches()) {
            choices.addAll(branch.body().match(new Choices(branch, x)));
        }
        return choices;
    }

    private final class Choices extends Routers.Each<String> {

        private final Branch branch;
        private final String x;

        Choices(Branch branch, String x) {
            this.branch = branch;
            this.x = x;
        }

        @Override
        protected List<String> choices(Experts experts) {
            return new PlainRouting(build).choices(read(branch, x), experts);
        }

        @Override
        public List<String> chain(Chain chain) {
            List<String> choices = new ArrayList<>();
            String stream = x;
            for (Step step : chain.steps()) {
                choices.addAll(PlainStep.this.choices(step, stream));
                stream = step(step, stream);
            }
            return choices;
        }
    }

    /** What each kind of operator makes of a stream, before the norm of its result. */
    private final class Result implements Operator.Cases<String> {

        private final Branch branch;
        private final String x;

        Result(Branch branch, String x) {
            this.branch = branch;
            this.x = x;
        }

        @Override
        public String attention(Attention attention) {
            return build.linear(inner(branch, x), attention.output());
        }

        @Override
        public String feedForward(FeedForward feedForward) {
            return build.linear(inner(branch, x), feedForward.down());
        }

        @Override
        public String experts(Experts experts) {
            return mixture(read(branch, x), experts);
        }

        @Override
        public String chain(Chain chain) {
            String stream = x;
            for (Step step : chain.steps()) {
                stream = step(step, stream);
            }
            return build.node("Sub", stream, x);
        }
    }

    /** What the last projection of a branch reads. */
    String inner(Branch branch, String x) {
        return branch.body().match(new Inner(read(branch, x)));
    }

    private final class Inner implements Operator.Cases<String> {

        private final String x;

        Inner(String x) {
            this.x = x;
        }

        @Override
        public String attention(Attention attention) {
            return mixed(x, attention);
        }

        @Override
        public String feedForward(FeedForward feedForward) {
            return activated(x, feedForward);
        }

        @Override
        public String experts(Experts experts) {
            throw new IllegalArgumentException("no last projection in " + experts.kind());
        }

        @Override
        public String chain(Chain chain) {
            throw new IllegalArgumentException("no last projection in " + chain.kind());
        }
    }

    private String read(Branch branch, String x) {
        return branch.in().map(norm -> build.norm(x, norm)).orElse(x);
    }

    /** Expert by expert, each, or what it reads, times the sum of the chosen probabilities that are its own. */
    private String mixture(String x, Experts experts) {
        PlainRouting.Chosen chosen = new PlainRouting(build).chosen(x, experts);
        String sum = "";
        for (int e = 0; e < experts.experts().size(); e++) {
            String own = build.node("Equal", chosen.experts(), build.integer(e));
            String ones = build.node("Cast", List.of(own), integer("to", DataType.FLOAT_VALUE));
            String weight = build.reduce("ReduceSum", build.node("Mul", chosen.weights(), ones));
            FeedForward expert = experts.experts().get(e);
            String part = experts.routing().weighsInputs()
                    ? build.linear(activated(build.node("Mul", x, weight), expert), expert.down())
                    : build.node("Mul", build.linear(activated(x, expert), expert.down()), weight);
            sum = sum.isEmpty() ? part : build.node("Add", sum, part);
        }
        return sum;
    }

    private String activated(String x, FeedForward feedForward) {
        if (feedForward.gate().isEmpty()) {
            return new PlainActivation(build).apply(build.linear(x, feedForward.up()), feedForward.activation());
        }
        String gate = build.linear(x, feedForward.gate().get());
        String up = build.linear(x, feedForward.up());
        return build.rounded(new PlainActivation(build).gated(gate, up, feedForward.activation()));
    }

    private String mixed(String x, Attention attention) {
        AttentionRule rule = attention.rule();
        long size = rule.headSize();
        String ofQueries = latent(x, attention.latents().queries());
        String ofOthers = latent(x, attention.latents().keysAndValues());
        String projectedQuery = clipped(build.linear(ofQueries, attention.query()), rule);
        String projectedKey = clipped(build.linear(ofOthers, attention.key()), rule);
        String query = heads(projectedQuery, attention.heads(), size);
        String key = heads(projectedKey, attention.kvHeads(), size);
        if (attention.norms().filter(norms -> !norms.turned()).isPresent()) {
            QueryKeyNorm norms = attention.norms().get();
            query = normalized(projectedQuery, attention.heads(), size, norms.span(), norms.query());
            key = normalized(projectedKey, attention.kvHeads(), size, norms.span(), norms.key());
        }
        if (rule.rotary().isPresent()) {
            query = rotate(query, size, rule.rotary().get());
            key = rotate(key, size, rule.rotary().get());
        }
        if (attention.norms().filter(QueryKeyNorm::turned).isPresent()) {
            QueryKeyNorm norms = attention.norms().get();
            query = normedHeads(query, attention.heads(), size, norms.query());
            key = normedHeads(key, attention.kvHeads(), size, norms.key());
        }
        if (rule.temperature().isPresent()) {
            Weight table = Weights.slice(rule.temperature().get().table(), 0, 0, tokens);
            query = build.node("Mul", query, build.feed(table, tokens, 1));
        }
        String value = heads(clipped(build.linear(ofOthers, attention.value()), rule), attention.kvHeads(), size);
        FusedAttention whole = new FusedAttention(build, tokens);
        if (fused && whole.takes(attention)) {
            return whole.mix(query, key, value, attention);
        }
        int share = attention.heads() / attention.kvHeads();
        String keys = transpose(repeat(key, attention.kvHeads(), share), 0, 1, 3, 2);
        String scores = build.node("Mul", build.node("MatMul", query, keys), build.number(rule.scale()));
        String capped = rule.cap().map(cap -> build.cap(scores, cap)).orElse(scores);
        String biased = attention
                .ramps()
                .map(ramps -> build.node("Add", capped, climb(ramps, attention.heads())))
                .orElse(capped);
        String masked = build.node("Where", hidden(biased, rule), build.number(Float.NEGATIVE_INFINITY), biased);
        String weights = attention
                .sinks()
                .map(sinks -> beside(masked, sinks, attention.heads()))
                .orElseGet(() -> build.node("Softmax", List.of(masked), integer("axis", -1)));
        String mixed = build.node("MatMul", weights, repeat(value, attention.kvHeads(), share));
        String merged = transpose(mixed, 0, 2, 1, 3);
        return build.node("Reshape", merged, build.integers(0, 0, attention.heads() * size));
    }

    /** What heads add to scores, {@code ramp[key] - ramp[query]}: {@code [heads, tokens, tokens]}. */
    private String climb(Weight ramps, long heads) {
        String known = build.feed(Weights.slice(ramps, 1, 0, tokens), heads, tokens);
        String ofKeys = build.node("Unsqueeze", known, build.integers(1));
        return build.node("Sub", ofKeys, build.node("Unsqueeze", known, build.integers(2)));
    }

    /** What projections read: a latent, if there is one. */
    private String latent(String x, Optional<Latent> latent) {
        if (latent.isEmpty()) {
            return x;
        }
        Latent own = latent.get();
        String narrow = build.linear(x, own.down());
        if (own.normed() == own.width()) {
            return build.norm(narrow, own.norm());
        }
        String normed = build.norm(build.slice(narrow, 0, own.normed()), own.norm());
        return build.node(
                "Concat", List.of(normed, build.slice(narrow, own.normed(), own.width())), integer("axis", -1));
    }

    /** What a softmax gives to keys, if one more score of each head takes part in it. */
    private String beside(String scores, Weight sinks, long heads) {
        String shape = build.node("Shape", List.of(scores), integer("end", 3));
        String all = build.node("Concat", List.of(shape, build.integers(1)), integer("axis", 0));
        String own =
                build.node("Expand", build.node("Reshape", build.feed(sinks), build.integers(1, heads, 1, 1)), all);
        String joined = build.node("Concat", List.of(scores, own), integer("axis", -1));
        String shares = build.node("Softmax", List.of(joined), integer("axis", -1));
        return build.node("Slice", shares, build.integers(0), build.integers(-1), build.integers(-1));
    }

    private String clipped(String x, AttentionRule rule) {
        return rule.clip()
                .map(limit -> build.node("Clip", x, build.number(-limit), build.number(limit)))
                .orElse(x);
    }

    /** {@code [batch, tokens, heads * size]} to {@code [batch, heads, tokens, size]}. */
    private String heads(String x, long heads, long size) {
        return transpose(build.node("Reshape", x, build.integers(0, 0, heads, size)), 0, 2, 1, 3);
    }

    /** The same, with every head or all of them normalized. */
    private String normalized(String x, long heads, long size, Span span, Norm norm) {
        if (span == Span.WIDTH) {
            return heads(build.norm(x, norm), heads, size);
        }
        return normedHeads(heads(x, heads, size), heads, size, norm);
    }

    /** Every head normalized, {@code [batch, heads, tokens, size]}. */
    private String normedHeads(String x, long heads, long size, Norm norm) {
        String unit = build.unit(x, norm);
        return build.node("Mul", unit, build.node("Reshape", build.feed(norm.gain()), build.integers(heads, 1, size)));
    }

    private String transpose(String x, long... order) {
        return build.node("Transpose", List.of(x), integers("perm", order));
    }

    /** Turns the pairs in the first elements of each head, and leaves the others. */
    private String rotate(String x, long size, Rotary rotary) {
        long width = rotary.width();
        Turns tables = turns.computeIfAbsent(rotary, this::tables);
        String first = rotary.interleaved() ? everySecond(x, 0, width) : build.slice(x, 0, width / 2);
        String second = rotary.interleaved() ? everySecond(x, 1, width) : build.slice(x, width / 2, width);
        String turnedFirst = build.node(
                "Sub", build.node("Mul", first, tables.cosines()), build.node("Mul", second, tables.sines()));
        String turnedSecond = build.node(
                "Add", build.node("Mul", second, tables.cosines()), build.node("Mul", first, tables.sines()));
        String turned = rotary.interleaved()
                ? interleaved(turnedFirst, turnedSecond, width)
                : build.node("Concat", List.of(turnedFirst, turnedSecond), integer("axis", -1));
        return width == size
                ? turned
                : build.node("Concat", List.of(turned, build.slice(x, width, size)), integer("axis", -1));
    }

    private Turns tables(Rotary rotary) {
        long half = rotary.width() / 2;
        return new Turns(
                build.feed(Weights.slice(rotary.cosines(), 0, 0, tokens), tokens, half),
                build.feed(Weights.slice(rotary.sines(), 0, 0, tokens), tokens, half));
    }

    private String everySecond(String x, long from, long to) {
        return build.node("Slice", x, build.integers(from), build.integers(to), build.integers(-1), build.integers(2));
    }

    private String interleaved(String even, String odd, long width) {
        String axis = build.integers(-1);
        String pairs = build.node(
                "Concat",
                List.of(build.node("Unsqueeze", even, axis), build.node("Unsqueeze", odd, axis)),
                integer("axis", -1));
        return build.node("Reshape", pairs, build.integers(0, 0, 0, width));
    }

    /** Gives each query head the KV head of its group: KV head k serves query heads k * share and on. */
    private String repeat(String x, long kvHeads, int share) {
        long[] indices = new long[Math.toIntExact(kvHeads * share)];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = i / share;
        }
        return build.node("Gather", List.of(x, build.integers(indices)), integer("axis", 1));
    }

    /** True where a query does not see a key: one after it, or before its window. */
    private String hidden(String scores, AttentionRule rule) {
        String shape = build.node("Shape", List.of(scores), integer("start", 2), integer("end", 4));
        String ones = build.node("Expand", build.integer(1), shape);
        String future = triangle(ones, 1, true);
        return rule.slidingWindow()
                .map(window -> triangle(ones, -window, false))
                .or(() -> rule.chunk().map(this::otherChunk))
                .map(before -> build.node("Or", future, before))
                .orElse(future);
    }

    /** {@code [tokens, tokens]}: true where a key is in a chunk before the query's. */
    private String otherChunk(int size) {
        long[] chunks =
                IntStream.range(0, tokens).mapToLong(token -> token / size).toArray();
        String keys = build.integers(chunks);
        return build.node("Less", keys, build.node("Unsqueeze", keys, build.integers(-1)));
    }

    private String triangle(String ones, long diagonal, boolean upper) {
        String part = build.node("Trilu", List.of(ones, build.integer(diagonal)), integer("upper", upper ? 1 : 0));
        return build.node("Cast", List.of(part), integer("to", DataType.BOOL_VALUE));
    }
}
