package dev.twofold.source.onnx;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Attention.Heads;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Latents;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.QueryKeyNorm.Span;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Temperature;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.onnx.Term.Attended;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weights;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Attentions of one or several layers side by side, from the heads back to what their projections read. */
final class AttentionReader {

    /** What a number may have lost by being two in float32. */
    private static final double ROUNDED = 3e-7;

    private final ModelGraph graph;
    private final RotaryReader rotaries;
    private final TemperatureFit temperatures;

    AttentionReader(ModelGraph graph, RotaryReader rotaries, TemperatureFit temperatures) {
        this.graph = graph;
        this.rotaries = rotaries;
        this.temperatures = temperatures;
    }

    /** @param output what the heads' outputs pass through */
    BranchReader.Body read(Value heads, Linear output) {
        List<Value> values = heads.term() instanceof Term.Joined joined ? joined.parts() : List.of(heads);
        List<Part> parts = values.stream().map(this::part).toList();
        Part first = parts.get(0);
        for (int i = 1; i < parts.size(); i++) {
            Part part = parts.get(i);
            boolean alike = part.rule.equals(first.rule)
                    && part.scores.form().equals(first.scores.form())
                    && !part.latents.any()
                    && !first.latents.any()
                    && first.normalizesLike(part);
            if (part.input != first.input || !alike) {
                throw wrong(values.get(i), "attention of the same value and the same kind as the one beside it");
            }
        }
        return new BranchReader.Body(
                first.input, parts.stream().map(Part::cache).toList(), layers -> attention(parts, layers, output));
    }

    /** The attention of one cache. */
    private record Part(
            Value input,
            Latents latents,
            List<Linear> readers,
            Optional<QueryKeyNorm> norms,
            HeadScores scores,
            AttentionRule rule,
            int heads,
            int kvHeads,
            String cache) {

        /** Whether the norms of both can be one: a mean over all heads of a layer is over these alone. */
        private boolean normalizesLike(Part other) {
            return norms.isEmpty() && other.norms.isEmpty()
                    || norms.isPresent()
                            && other.norms.isPresent()
                            && norms.get().turned() == other.norms.get().turned()
                            && norms.get().span() == Span.HEAD
                            && other.norms.get().span() == Span.HEAD
                            && isLike(norms.get().query(), other.norms.get().query())
                            && isLike(norms.get().key(), other.norms.get().key());
        }

        private static boolean isLike(Norm one, Norm other) {
            return one.kind() == other.kind() && one.epsilon() == other.epsilon();
        }
    }

    /** Where one cache serves several layers, as of a widened pair, each has its share of the heads. */
    private static List<Heads> members(List<Part> parts, List<Integer> layers) {
        Part only = parts.get(0);
        int each = layers.size();
        if (parts.size() == 1 && only.kvHeads % each == 0) {
            return layers.stream()
                    .map(layer -> new Heads(layer, only.heads / each, only.kvHeads / each))
                    .toList();
        }
        return IntStream.range(0, parts.size())
                .mapToObj(i -> new Heads(layers.get(i), parts.get(i).heads, parts.get(i).kvHeads))
                .toList();
    }

    private static Attention attention(List<Part> parts, List<Integer> layers, Linear output) {
        List<QueryKeyNorm> norms =
                parts.stream().flatMap(part -> part.norms.stream()).toList();
        return new Attention(
                parts.get(0).latents,
                Linear.stack(parts.stream().map(part -> part.readers.get(0)).toList()),
                Linear.stack(parts.stream().map(part -> part.readers.get(1)).toList()),
                Linear.stack(parts.stream().map(part -> part.readers.get(2)).toList()),
                output,
                norms.isEmpty() ? Optional.empty() : Optional.of(QueryKeyNorm.stack(norms)),
                HeadScores.stacked(parts.stream().map(part -> part.scores).toList()),
                parts.get(0).rule,
                members(parts, layers));
    }

    /**
     * Queries or keys on their way into attention.
     *
     * @param turnedFirst whether they are normalized after that
     * @param turn that they are given beside the operator
     */
    private record Operand(
            Projections projection, Optional<Norm> norm, Span span, boolean turnedFirst, Optional<Turn> turn) {}

    private Part part(Value value) {
        Attended attended = value.as(Attended.class).orElseThrow();
        int size = Math.toIntExact(attended.query().width() / attended.heads());
        Optional<Term.Tempered> tempered = attended.query().as(Term.Tempered.class);
        Operand query = operand(tempered.map(Term.Tempered::x).orElse(attended.query()), size);
        Operand key = operand(attended.key(), size);
        Projections values = Projections.of(attended.value())
                .orElseThrow(() -> wrong(attended.value(), "the projection that values come out of"));
        boolean alike = query.turn.equals(key.turn)
                && query.norm.isPresent() == key.norm.isPresent()
                && query.span == key.span
                && query.turnedFirst == key.turnedFirst
                && !(query.turnedFirst && query.span == Span.WIDTH)
                && query.projection.clip().equals(key.projection.clip())
                && values.clip().equals(key.projection.clip());
        if (!alike || attended.turn().isPresent() && query.turn.isPresent()) {
            throw wrong(value, "queries and keys that are made in the same way");
        }
        LatentSource ofQueries = LatentSource.of(query.projection.x());
        LatentSource ofOthers = LatentSource.of(key.projection.x());
        if (ofQueries.input() != ofOthers.input() || values.x() != key.projection.x()) {
            throw wrong(value, "queries, keys and values that are projections of one value");
        }
        Optional<Rotary> rotary = attended.turn().or(() -> query.turn).map(turn -> rotaries.read(turn, size, value));
        AttentionRule rule = new AttentionRule(
                size,
                values.clip(),
                attended.scale().map(scale -> exact(scale, size)).orElse(1 / Math.sqrt(size)),
                attended.cap(),
                attended.window(),
                rotary,
                tempered.map(found -> temperature(found.table(), value)));
        Optional<QueryKeyNorm> norms = query.norm.map(norm -> new QueryKeyNorm(
                query.span,
                query.turnedFirst,
                spread(norm, attended.query().width()),
                spread(key.norm.orElseThrow(), attended.key().width())));
        return new Part(
                ofOthers.input(),
                new Latents(ofQueries.latent(), ofOthers.latent()),
                List.of(query.projection.linear(), key.projection.linear(), values.linear()),
                norms,
                attended.scores(),
                rule,
                attended.heads(),
                attended.kvHeads(),
                attended.cache());
    }

    private Temperature temperature(Weight table, Value value) {
        return temperatures
                .of(table)
                .orElseThrow(
                        () -> wrong(value, "a table of 1 + weight * ln(1 + floor(position / so many)) for queries"));
    }

    /** A scale that was meant to be the usual one is it, without what it lost in float32. */
    private static double exact(double scale, int size) {
        double usual = 1 / Math.sqrt(size);
        return Math.abs(scale - usual) <= ROUNDED * usual ? usual : scale;
    }

    private Operand operand(Value value, int size) {
        boolean turnedFirst = norm(value).isPresent() && normalized(value).term() instanceof Term.Rotated;
        Optional<Term.Rotated> rotated = (turnedFirst ? normalized(value) : value).as(Term.Rotated.class);
        if (rotated.filter(found -> found.headSize() != size).isPresent()) {
            throw wrong(value, "rotary positions of heads of " + size);
        }
        Value turned = turnedFirst ? value : rotated.map(Term.Rotated::x).orElse(value);
        Optional<Norm> norm = norm(turned);
        if (norm.flatMap(Norm::bias).isPresent()) {
            throw wrong(turned, "a norm of queries or keys without a bias");
        }
        // A single head is as wide as all heads.
        Span span = turned.term() instanceof Term.Normed && turned.width() != size ? Span.WIDTH : Span.HEAD;
        Value inner = turned.as(Term.Gained.class).map(Term.Gained::x).orElse(turned);
        if (inner.as(Term.HeadNormed.class)
                .filter(normed -> normed.size() != size)
                .isPresent()) {
            throw wrong(inner, "norms of heads of " + size);
        }
        Value product = turnedFirst ? rotated.orElseThrow().x() : norm.isPresent() ? normalized(turned) : turned;
        Projections projection = Projections.of(product)
                .orElseThrow(() -> wrong(product, "the projection that queries or keys come out of"));
        return new Operand(projection, norm, span, turnedFirst, rotated.map(Term.Rotated::turn));
    }

    private static Optional<Norm> norm(Value value) {
        if (value.term() instanceof Term.HeadNormed normed) {
            return Optional.of(normed.norm());
        } else if (value.term() instanceof Term.Normed normed) {
            return Optional.of(normed.norm());
        }
        // Heads with gains of their own: a norm without one, and then the gains of all.
        return value.as(Term.Gained.class)
                .flatMap(gained -> gained.x()
                        .as(Term.HeadNormed.class)
                        .filter(inner -> inner.norm().isUnit())
                        .map(inner -> inner.norm().withGain(gained.gain(), Optional.empty())));
    }

    private static Value normalized(Value value) {
        if (value.term() instanceof Term.HeadNormed normed) {
            return normed.x();
        } else if (value.term() instanceof Term.Normed normed) {
            return normed.x();
        }
        return normalized(value.as(Term.Gained.class).orElseThrow().x());
    }

    /** The gain of a head for each of them, head after head. */
    private static Norm spread(Norm norm, long width) {
        Weight gain = norm.gain();
        long size = gain.shape().dim(0);
        if (size == width) {
            return norm;
        }
        Weight all = gain instanceof Filled filled
                ? new Filled(Shape.of(width), filled.value())
                : Weights.stack(0, Collections.nCopies(Math.toIntExact(width / size), gain));
        return norm.withGain(all, Optional.empty());
    }

    private TwofoldException wrong(Value value, String expected) {
        return Unrecognised.in(graph).at(value, expected);
    }
}
