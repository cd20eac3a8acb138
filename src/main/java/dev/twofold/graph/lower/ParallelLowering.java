package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Parallel;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.lower.KvLayout.Cache;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Operators that are one: a product of what they read, cut into what each of them takes, and a product of what all of them make of it,
 * side by side.
 */
final class ParallelLowering implements Operator.Cases<Stream<ParallelLowering.Piece>> {

    private final GraphBuilder graph;
    private final Dialect dialect;
    private final BodyLowering bodies;
    private final String name;

    ParallelLowering(GraphBuilder graph, Dialect dialect, BodyLowering bodies, String name) {
        this.graph = graph;
        this.dialect = dialect;
        this.bodies = bodies;
        this.name = name;
    }

    /** What one operator, or the part of an attention that has a cache, takes and makes. */
    record Piece(List<String> names, List<Linear> projections, Inner inner) {}

    /** What the last projection reads, from what the first ones made. */
    private interface Inner {
        String of(List<String> projected);
    }

    String lower(String x, Parallel parallel) {
        List<Piece> pieces =
                parallel.parts().stream().flatMap(part -> part.match(this)).toList();
        List<String> projected = Projection.apply(
                graph,
                name,
                x,
                pieces.stream().flatMap(piece -> piece.names().stream()).toList(),
                pieces.stream().flatMap(piece -> piece.projections().stream()).toList(),
                false);
        List<String> inner = new ArrayList<>();
        int next = 0;
        for (Piece piece : pieces) {
            int end = next + piece.projections().size();
            inner.add(piece.inner().of(projected.subList(next, end)));
            next = end;
        }
        String joined = graph.node(name + "/joined", "Concat", inner, integer("axis", -1));
        return Projection.apply(
                graph, name + "/output", joined, parallel.writer().orElseThrow());
    }

    @Override
    public Stream<Piece> attention(Attention attention) {
        return bodies.parts(attention).stream().map(part -> {
            List<Linear> projections = dialect.projections(part);
            List<String> names = projections.size() == 1 ? List.of("qkv") : part.readerNames();
            Cache cache = bodies.cache(part);
            return new Piece(names, projections, projected -> dialect.attend(name, projected, part, cache));
        });
    }

    @Override
    public Stream<Piece> feedForward(FeedForward feedForward) {
        return Stream.of(new Piece(
                feedForward.readerNames(),
                feedForward.readers(),
                projected -> bodies.activated(name, projected, feedForward)));
    }

    @Override
    public Stream<Piece> experts(Experts experts) {
        throw new IllegalStateException("experts are no part of a parallel operator");
    }

    @Override
    public Stream<Piece> parallel(Parallel parallel) {
        return parallel.parts().stream().flatMap(part -> part.match(this));
    }

    @Override
    public Stream<Piece> chain(Chain chain) {
        throw new IllegalStateException("a chain is no part of a parallel operator");
    }
}
