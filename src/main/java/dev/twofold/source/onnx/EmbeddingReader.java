package dev.twofold.source.onnx;

import dev.twofold.decoder.Embedding;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;

/** The beginning of the stream. */
final class EmbeddingReader {

    private EmbeddingReader() {}

    static boolean isEmbedding(Value value) {
        return value.term() instanceof Term.Normed normed && isTokens(normed.x())
                || value.term() instanceof Term.Positions
                || isTokens(value);
    }

    private static boolean isTokens(Value value) {
        return value.term() instanceof Term.Rows
                || value.term() instanceof Term.Scaled scaled && scaled.x().term() instanceof Term.Rows;
    }

    /**
     * @param begin what is added to the stream and is none of its branches
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if that is no embedding
     */
    static Embedding read(ModelGraph graph, List<Value> begin, Value stream) {
        List<Value> tokens = begin.stream()
                .filter(value -> !(value.term() instanceof Term.Positions))
                .toList();
        List<Weight> positions = begin.stream()
                .flatMap(value -> value.as(Term.Positions.class).stream())
                .map(Term.Positions::table)
                .toList();
        if (tokens.size() != 1 || positions.size() > 1) {
            throw Unrecognised.in(graph)
                    .at(stream, "a stream that begins as the rows of one table, by the ids of tokens");
        }
        Optional<Term.Normed> normed = tokens.get(0).as(Term.Normed.class);
        if (normed.isPresent() && !positions.isEmpty()) {
            throw Unrecognised.in(graph).at(stream, "an embedding whose norm is of all that it is the sum of");
        }
        Value own = normed.map(Term.Normed::x).orElse(tokens.get(0));
        Value rows = own.as(Term.Scaled.class).map(Term.Scaled::x).orElse(own);
        return new Embedding(
                rows.as(Term.Rows.class).orElseThrow().table(),
                own.as(Term.Scaled.class).map(Term.Scaled::factor).orElse(1.0),
                positions.stream().findFirst(),
                normed.map(Term.Normed::norm));
    }
}
