package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.Call.MICROSOFT;

import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Window;
import dev.twofold.source.onnx.Term.Attended;
import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Attention that is one operator, and rotary positions. */
final class AttentionRules {

    static final List<Rule> ALL = List.of(
            new Rule("grouped attention of the runtime", MICROSOFT + "GroupQueryAttention", AttentionRules::grouped),
            new Rule("attention of many heads of the runtime", MICROSOFT + "MultiHeadAttention", ManyHeads::attended),
            new Rule("attention", "Attention", (call, values) -> standard(call)),
            new Rule("attention of heads that are apart", "Attention", AttentionRules::apart),
            new Rule(
                    "rotary positions of the runtime",
                    MICROSOFT + "RotaryEmbedding",
                    (call, values) -> rotated(call, 1, 2, 3)),
            new Rule("rotary positions", "RotaryEmbedding", (call, values) -> rotated(call, 3, 1, 2)));

    /** What other attributes are, if they change nothing. */
    private static final Map<String, Long> SILENT = Map.of(
            "smooth_softmax", 0L,
            "qk_output", 0L,
            "kv_cache_bit_width", 0L,
            "is_causal", 0L,
            "qk_matmul_output_mode", 0L,
            "softmax_precision", 1L,
            "scale_base_by_position", 0L,
            "is_packed_batching", 0L,
            "rotary_embedding_dim", -1L);

    private static final double QUERY_KEY_EPSILON = 1e-6;

    /** The operands that are added to scores, and that are a score for each head. */
    private static final int BIAS = 10;

    private static final int SINKS = 11;

    /** Those that only say how caches are kept. */
    private static final Set<String> STORAGE = Set.of("sliding_window_cache");

    private AttentionRules() {}

    /** Whether the attributes that are not asked for change nothing. */
    private static boolean silent(Call call, List<String> read) {
        return call.attributes().entrySet().stream()
                .filter(entry -> !read.contains(entry.getKey()))
                .allMatch(entry -> {
                    long expected = SILENT.getOrDefault(entry.getKey(), Long.MIN_VALUE);
                    return expected == entry.getValue().getI()
                            || STORAGE.contains(entry.getKey())
                            || entry.getKey().endsWith("_quant_type")
                                    && entry.getValue().getS().toStringUtf8().equals("NONE");
                });
    }

    private static boolean absentFrom(Call call, int input) {
        return call.inputs().stream().skip(input).allMatch(Optional::isEmpty);
    }

    private static Optional<Term> grouped(Call call, Values values) {
        boolean plain = silent(
                        call,
                        List.of(
                                "num_heads",
                                "kv_num_heads",
                                "scale",
                                "softcap",
                                "local_window_size",
                                "do_rotary",
                                "rotary_interleaved",
                                "qk_norm_epsilon"))
                && call.input(5)
                        .filter(value -> value.term() == Term.Tokens.LAST)
                        .isPresent()
                && call.input(6)
                        .filter(value -> value.term() == Term.Tokens.TOTAL)
                        .isPresent()
                && (call.input(9).isEmpty()
                        || call.input(9).filter(Roles::isPositions).isPresent())
                && absent(call, List.of(12, 13))
                && absentFrom(call, 16);
        long heads = call.integer("num_heads", 0);
        long kvHeads = call.integer("kv_num_heads", 0);
        boolean turns = call.integer("do_rotary", 0) == 1;
        Optional<Turn> turn = turns ? turn(call, 7, 8, "rotary_interleaved") : Optional.empty();
        long sliding = call.integer("local_window_size", -1);
        Optional<Window> chunk = call.input(BIAS, Term.Mask.class)
                .filter(mask -> mask.hidesInAttention() && mask.numbers())
                .flatMap(Term.Mask::window)
                .filter(window -> window.kind() == Window.Kind.CHUNK);
        Optional<Weight> ramps = ramps(call, BIAS, heads, false);
        boolean biased = call.input(BIAS).isPresent();
        boolean masked = biased == (chunk.isPresent() || ramps.isPresent()) && !(biased && sliding > 0);
        if (!plain || !masked || !isShared(heads, kvHeads) || turns && turn.isEmpty() || call.output() != 0) {
            return Optional.empty();
        }
        Optional<Window> window = sliding > 0 ? Optional.of(Window.sliding((int) sliding)) : chunk;
        Optional<Weight> sinks = vector(call, SINKS, heads);
        return operands(call, values, heads, kvHeads)
                .filter(qkv -> call.input(SINKS).isPresent() == sinks.isPresent())
                .flatMap(qkv -> normed(call, values, qkv, heads))
                .flatMap(qkv -> attended(call, qkv, heads, kvHeads, window, turn, 3))
                .map(attended -> attended.with(new HeadScores(sinks, ramps)));
    }

    /** What each head's scores get by positions. */
    private static Optional<Weight> ramps(Call call, int input, long heads, boolean masked) {
        return call.input(input, Term.Ramp.class)
                .filter(ramp -> ramp.masked() == masked && ramp.table().shape().dim(0) == heads)
                .map(Term.Ramp::table);
    }

    private static boolean isShared(long heads, long kvHeads) {
        return heads > 0 && kvHeads > 0 && heads % kvHeads == 0 && heads <= 1 << 16;
    }

    /** Queries, keys and values, which may be side by side in the first operand. */
    private static Optional<List<Value>> operands(Call call, Values values, long heads, long kvHeads) {
        Optional<Value> query = call.input(0).filter(value -> value.width() > 0);
        Optional<Value> key = call.input(1).filter(value -> value.width() > 0);
        Optional<Value> value = call.input(2).filter(found -> found.width() > 0);
        if (query.isPresent() && key.isPresent() && value.isPresent()) {
            return Optional.of(List.of(query.get(), key.get(), value.get()));
        }
        boolean packed = call.input(1).isEmpty() && call.input(2).isEmpty();
        return query.filter(all -> packed && all.width() % (heads + 2 * kvHeads) == 0)
                .map(all -> {
                    long size = all.width() / (heads + 2 * kvHeads);
                    long queries = heads * size;
                    long keys = kvHeads * size;
                    return List.of(
                            values.part(all, 0, queries),
                            values.part(all, queries, queries + keys),
                            values.part(all, queries + keys, queries + 2 * keys));
                });
    }

    private static boolean absent(Call call, List<Integer> inputs) {
        return inputs.stream().allMatch(input -> call.input(input).isEmpty());
    }

    /** The operator may normalize every head of queries and keys itself. */
    private static Optional<List<Value>> normed(Call call, Values values, List<Value> qkv, long heads) {
        if (absent(call, List.of(14, 15))) {
            return Optional.of(qkv);
        }
        long size = qkv.get(0).width() / heads;
        double epsilon = call.number("qk_norm_epsilon", QUERY_KEY_EPSILON);
        Optional<Weight> query = vector(call, 14, size);
        Optional<Weight> key = vector(call, 15, size);
        return query.flatMap(first -> key.map(second -> List.of(
                values.of(new Term.HeadNormed(qkv.get(0), Norm.rms(first, epsilon), size)),
                values.of(new Term.HeadNormed(qkv.get(1), Norm.rms(second, epsilon), size)),
                qkv.get(2))));
    }

    /** A vector of so many numbers. */
    private static Optional<Weight> vector(Call call, int input, long size) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .filter(weight -> weight.shape().equals(Shape.of(size)));
    }

    private static Optional<Term> standard(Call call) {
        boolean plain = silent(call, List.of("q_num_heads", "kv_num_heads", "scale", "softcap")) && absentFrom(call, 6);
        Optional<Term.Mask> allowed =
                call.input(3, Term.Mask.class).filter(mask -> mask.causal() && mask.hidesInAttention());
        List<Optional<Value>> operands = List.of(call.input(0), call.input(1), call.input(2));
        boolean all = operands.stream()
                .allMatch(operand -> operand.filter(value -> value.width() > 0).isPresent());
        long heads = call.integer("q_num_heads", 0);
        long kvHeads = call.integer("kv_num_heads", 0);
        Optional<Weight> ramps = ramps(call, 3, heads, true);
        boolean masked = allowed.isPresent() || ramps.isPresent();
        if (!plain || !all || !masked || !isShared(heads, kvHeads) || call.output() != 0) {
            return Optional.empty();
        }
        List<Value> qkv = operands.stream().map(Optional::orElseThrow).toList();
        return attended(call, qkv, heads, kvHeads, allowed.flatMap(Term.Mask::window), Optional.empty(), 4)
                .map(attended -> attended.with(new HeadScores(Optional.empty(), ramps)));
    }

    /** Where those of the past are joined before it. */
    private static Optional<Term> apart(Call call, Values values) {
        boolean plain =
                silent(call, List.of("is_causal", "scale", "softcap")) && absentFrom(call, 4) && call.output() == 0;
        Optional<Term.Headed> query = call.input(0, Term.Headed.class);
        Optional<Term.Keys> keys = keys(call, 1);
        Optional<Term.Keys> all = keys(call, 2);
        // Counted from the first key on, whatever there is of the past.
        long causal = call.integer("is_causal", 0);
        boolean counts = causal == 0
                || causal == 1 && keys.filter(found -> found.cache().isEmpty()).isPresent();
        Optional<Term.Mask> mask = call.input(3, Term.Mask.class)
                .filter(Term.Mask::hidesInAttention)
                .or(() -> call.input(3).isEmpty() && causal == 1
                        ? Optional.of(Term.Mask.before(Optional.empty()))
                        : Optional.empty());
        double cap = call.number("softcap", 0);
        return query.filter(heads -> plain && counts)
                .flatMap(heads -> keys.flatMap(first -> all.flatMap(second -> mask.filter(Term.Mask::causal)
                        .flatMap(found -> HeadRules.attended(
                                heads,
                                first,
                                second,
                                call.number("scale", 1 / Math.sqrt(heads.size())),
                                cap == 0 ? Optional.empty() : Optional.of(cap),
                                found.window()))
                        .map(made -> new Term.Headed(values.of(made, heads.x()), heads.count(), heads.size())))));
    }

    private static Optional<Term.Keys> keys(Call call, int input) {
        return call.input(input).flatMap(HeadRules::keys).filter(found -> found.layout() == Layout.HEADS);
    }

    private static Optional<Attended> attended(
            Call call,
            List<Value> qkv,
            long heads,
            long kvHeads,
            Optional<Window> window,
            Optional<Turn> turn,
            int cache) {
        long size = qkv.get(0).width() / heads;
        boolean fits = qkv.get(0).width() == heads * size
                && qkv.get(1).width() == kvHeads * size
                && qkv.get(2).width() == kvHeads * size;
        double scale = call.number("scale", 0);
        double cap = call.number("softcap", 0);
        return call.input(cache, Term.Input.class)
                .filter(past -> fits && Roles.isCache(past))
                .map(past -> new Attended(
                        qkv.get(0),
                        qkv.get(1),
                        qkv.get(2),
                        (int) heads,
                        (int) kvHeads,
                        scale == 0 ? Optional.empty() : Optional.of(scale),
                        cap == 0 ? Optional.empty() : Optional.of(cap),
                        window,
                        turn,
                        HeadScores.NONE,
                        past.name()));
    }

    private static Optional<Turn> turn(Call call, int cosines, int sines, String interleaved) {
        Optional<Weight> first = table(call, cosines);
        Optional<Weight> second = table(call, sines);
        return first.flatMap(cos -> second.filter(sin -> sin.shape().equals(cos.shape()))
                .map(sin -> new Turn(cos, sin, call.integer(interleaved, 0) == 1)));
    }

    private static Optional<Weight> table(Call call, int input) {
        return call.input(input, Numbers.class)
                .map(Numbers::weight)
                .filter(weight -> weight.shape().rank() == 2 && weight.shape().elements() > 0);
    }

    /** Of the heads that are turned; as wide as what turns, if it is not said how many there are. */
    private static long headSize(Call call, Value x, Turn turn) {
        long heads = call.integer("num_heads", 0);
        return heads > 0 ? x.width() / heads : 2 * turn.cosines().shape().dim(1);
    }

    private static Optional<Term> rotated(Call call, int positions, int cosines, int sines) {
        Optional<Value> x = call.input(0).filter(value -> value.width() > 0);
        Optional<Turn> turn = turn(call, cosines, sines, "interleaved");
        boolean known = call.input(positions).filter(Roles::isPositions).isPresent()
                && silent(call, List.of("num_heads", "interleaved", "rotary_embedding_dim", "scale"))
                && call.number("scale", 1) == 1;
        long width = call.integer("rotary_embedding_dim", 0);
        boolean fits = turn.filter(found ->
                        width == 0 || width == 2 * found.cosines().shape().dim(1))
                .isPresent();
        return known && fits
                ? x.flatMap(value -> turn.map(found -> new Term.Rotated(value, found, headSize(call, value, found))))
                : Optional.empty();
    }
}
