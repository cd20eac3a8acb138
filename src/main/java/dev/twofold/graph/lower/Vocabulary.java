package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.integers;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/**
 * The two ends of the residual stream: the embedding of the ids, and the head's logits. A device that has a part of the
 * vocabulary embeds the ids in it, leaves the others zero for the other devices to fill in, and makes the logits of its
 * part.
 */
final class Vocabulary {

    private static final String EMBEDDING = "embedding";
    private static final String HEAD = "head";

    private final Decoder decoder;
    private final GraphBuilder graph;
    private final Dialect dialect;
    private final Optional<Collectives> parts;

    /** @param collectives of a sharded model */
    Vocabulary(Decoder decoder, GraphBuilder graph, Dialect dialect, Optional<Collectives> collectives) {
        this.decoder = decoder;
        this.graph = graph;
        this.dialect = dialect;
        this.parts = collectives.filter(
                any -> decoder.sharding().filter(Sharding::vocabulary).isPresent());
    }

    /** The stream before the first step, {@code [batch, sequence, hidden]}. */
    String embed() {
        String rows = parts.map(this::embedPart).orElseGet(() -> rows(dialect.ids()));
        double scale = decoder.embedding().scale();
        String scaled = scale == 1 ? rows : graph.node("embedding/scaled", "Mul", List.of(rows, graph.filled(scale)));
        String placed = decoder.embedding()
                .positions()
                .map(positions -> placed(scaled, positions))
                .orElse(scaled);
        return decoder.embedding()
                .norm()
                .map(norm -> dialect.normalize("embedding/norm", placed, norm))
                .orElse(placed);
    }

    private String placed(String rows, Weight positions) {
        String vectors = graph.weight("positions.weight", positions);
        String own = graph.node("embedding/positions", "Gather", List.of(vectors, dialect.positions()));
        return graph.node("embedding/placed", "Add", List.of(rows, own));
    }

    private String embedPart(Collectives collectives) {
        int rank = decoder.sharding().orElseThrow().rank().orElseThrow();
        String zero = graph.integer(0);
        String rows = graph.integer(decoder.vocabularyRows());
        String begin = graph.integer((long) rank * decoder.vocabularyRows());
        String local = graph.node("embedding/local", "Sub", List.of(dialect.ids(), begin));
        String above = graph.node("embedding/above", "GreaterOrEqual", List.of(local, zero));
        String below = graph.node("embedding/below", "Less", List.of(local, rows));
        String inside = graph.node("embedding/inside", "And", List.of(above, below));
        String row = graph.node("embedding/row", "Where", List.of(inside, local, zero));
        String found = rows(row);
        String mask = graph.node("embedding/mask", "Unsqueeze", List.of(inside, graph.integers(-1)));
        String share = graph.node(
                "embedding/share",
                "Cast",
                List.of(mask),
                integer("to", graph.floating().getNumber()));
        return collectives.sum("embedding/all", graph.node("embedding/part", "Mul", List.of(found, share)));
    }

    /** Adds the graph's output {@code logits}, {@code [batch, sequence, vocabulary]}. */
    void head(String x) {
        if (decoder.logitCap().isEmpty()) {
            allLogits(x, GraphNames.LOGITS);
            return;
        }
        String uncapped = graph.unique("head/uncapped");
        allLogits(x, uncapped);
        String cap = graph.filled(decoder.logitCap().get());
        String shrunk = graph.node("head/shrunk", "Div", List.of(uncapped, cap));
        String bent = graph.node("head/bent", "Tanh", List.of(shrunk));
        graph.add("head/capped", "", "Mul", List.of(bent, cap), List.of(GraphNames.LOGITS));
    }

    private void allLogits(String x, String result) {
        if (parts.isEmpty()) {
            logits(x, result);
            return;
        }
        logits(x, "head/part");
        // Engines gather along the first axis.
        String first = graph.node("head/first", "Transpose", List.of("head/part"), integers("perm", 2, 0, 1));
        String all = parts.get().gather("head/all", first);
        graph.add("head/last", "", "Transpose", List.of(all), List.of(result), integers("perm", 1, 2, 0));
    }

    private void logits(String x, String result) {
        if (decoder.head().bias().isEmpty()) {
            products(x, result);
            return;
        }
        String unbiased = graph.unique("head/unbiased");
        products(x, unbiased);
        String bias = graph.weight(HEAD + ".bias", decoder.head().bias().get());
        graph.add("head/bias", "", "Add", List.of(unbiased, bias), List.of(result));
    }

    private void products(String x, String result) {
        Weight weight = decoder.head().weight();
        if (decoder.tied() && !RoundedForm.isRounded(weight)) {
            dialect.tiedHead(x, table(), result);
        } else {
            Projection.product(graph, HEAD, HEAD, x, weight, result);
        }
    }

    /** Rows of the embedding's table, {@code [batch, sequence, hidden]}. */
    private String rows(String ids) {
        return RoundedForm.isRounded(decoder.embedding().table())
                ? new BlockTable(graph).rows(EMBEDDING, ids, decoder.embedding().table())
                : graph.node(EMBEDDING, "Gather", List.of(table(), ids));
    }

    private String table() {
        return graph.weight(EMBEDDING + ".weight", decoder.embedding().table());
    }
}
