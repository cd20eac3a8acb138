package dev.twofold.graph.lower;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.QueryKeyNorm.Span;
import dev.twofold.decoder.Temperature;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.Weight;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What happens to queries, keys and values beside being turned by positions, in operators that both dialects have. */
record QueryKeyLowering(GraphBuilder graph, Dialect dialect, Map<Temperature, String> temperatures) {

    QueryKeyLowering(GraphBuilder graph, Dialect dialect) {
        this(graph, dialect, new HashMap<>());
    }

    /** Queries, keys and values, limited if they are to be. */
    List<String> projected(String name, String x, Attention part, boolean apart) {
        return new LatentLowering(graph, dialect)
                .projected(name, x, part, apart).stream()
                        .map(value -> clip(name, value, part.rule()))
                        .toList();
    }

    /** Limits queries, keys and values, side by side or alone. */
    String clip(String name, String x, AttentionRule rule) {
        return rule.clip()
                .map(limit -> {
                    String raised = graph.node(name + "/raise", "Max", List.of(x, graph.filled(-limit)));
                    return graph.node(name + "/lower", "Min", List.of(raised, graph.filled(limit)));
                })
                .orElse(x);
    }

    /** Whether queries and keys are normalized once positions have turned them, which no operator does by itself. */
    static boolean normsTurned(Attention attention) {
        return attention.norms().filter(QueryKeyNorm::turned).isPresent();
    }

    /** Whether something happens to queries that no operator does by itself, apart from being turned. */
    static boolean changesQueries(Attention attention) {
        return attention.norms().isPresent() || attention.rule().temperature().isPresent();
    }

    /** Queries {@code [batch, sequence, heads * size]}, normalized and turned in their order, times their temperature. */
    String query(String name, String x, Attention attention, UnaryOperator<String> turn) {
        String made =
                normsTurned(attention) ? query(name, turn.apply(x), attention) : turn.apply(query(name, x, attention));
        return attention
                .rule()
                .temperature()
                .map(own -> graph.node(
                        graph.unique(name + "/q_tempered"),
                        "Mul",
                        List.of(made, temperatures.computeIfAbsent(own, this::ofPositions))))
                .orElse(made);
    }

    /** One number a token, {@code [batch, sequence, 1]}. */
    private String ofPositions(Temperature temperature) {
        String table = graph.weight("temperatures", temperature.table());
        return graph.node(graph.unique("temperature"), "Gather", List.of(table, dialect.positions()));
    }

    /** The same for keys. */
    String key(String name, String x, Attention attention, UnaryOperator<String> turn) {
        return normsTurned(attention) ? key(name, turn.apply(x), attention) : turn.apply(key(name, x, attention));
    }

    /** {@code [batch, sequence, heads * size]} to the same. */
    private String query(String name, String x, Attention attention) {
        return attention
                .norms()
                .map(norms ->
                        normalized(name + "/q_norm", x, norms.span(), norms.query(), attention.heads(), attention))
                .orElse(x);
    }

    private String key(String name, String x, Attention attention) {
        return attention
                .norms()
                .map(norms ->
                        normalized(name + "/k_norm", x, norms.span(), norms.key(), attention.kvHeads(), attention))
                .orElse(x);
    }

    private String normalized(String name, String x, Span span, Norm norm, int heads, Attention attention) {
        String unique = graph.unique(name);
        if (span == Span.WIDTH) {
            return dialect.normalize(unique, x, norm);
        }
        long size = attention.headSize();
        Optional<Weight> shared = QueryKeyNorm.shared(norm, attention.headSize());
        Norm ofHead = shared.map(gain -> norm.withGain(gain, Optional.empty()))
                .orElseGet(() -> norm.withGain(Norm.unitGain(size), Optional.empty()));
        String parted = graph.node(unique + "/heads", "Reshape", List.of(x, graph.integers(0, 0, heads, size)));
        String unit = dialect.normalize(unique, parted, ofHead);
        String joined = graph.node(unique + "/joined", "Reshape", List.of(unit, graph.integers(0, 0, heads * size)));
        return shared.isPresent()
                ? joined
                : graph.node(unique + "/scaled", "Mul", List.of(joined, graph.weight(unique + ".gain", norm.gain())));
    }
}
