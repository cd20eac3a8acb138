package dev.twofold.decoder;

import dev.twofold.diag.PlainName;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weights;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Norms of queries and keys, before positions turn them or after.
 *
 * <p>The gains are as long as the projections that they follow, head after head, whatever the span. Over heads, they are
 * cut and joined as those projections are; over the whole width, nothing can be cut or joined without changing the mean.
 *
 * @param span what is normalized together
 * @param turned whether positions have turned them by then; if there are none, it makes no difference
 */
public record QueryKeyNorm(Span span, boolean turned, Norm query, Norm key) {

    /** What is normalized together. */
    public enum Span {
        /** Every head by itself. */
        HEAD,
        /** All heads of a layer. */
        WIDTH;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /** What must be equal of norms that are joined or have a mean: all but the gains. */
    public record Form(Span span, boolean turned, Norm.Kind kind, double epsilon) {}

    public Form form() {
        return new Form(span, turned, query.kind(), query.epsilon());
    }

    /** Norms that every head has the same gain in. */
    public static QueryKeyNorm everyHead(boolean turned, Norm query, int heads, Norm key, int kvHeads) {
        return new QueryKeyNorm(Span.HEAD, turned, repeated(query, heads), repeated(key, kvHeads));
    }

    private static Norm repeated(Norm norm, int heads) {
        return norm.withGain(Weights.stack(0, Collections.nCopies(heads, norm.gain())), Optional.empty());
    }

    /** The gain that all heads of a norm share, if they do; {@code [headSize]}. */
    public static Optional<Weight> shared(Norm norm, int headSize) {
        if (norm.gain() instanceof Filled filled) {
            return Optional.of(new Filled(Shape.of(headSize), filled.value()));
        }
        if (norm.gain() instanceof Stacked stacked) {
            Weight first = stacked.parts().get(0);
            if (first.shape().dim(0) == headSize && stacked.parts().stream().allMatch(first::equals)) {
                return Optional.of(first);
            }
        }
        return norm.gain().shape().dim(0) == headSize ? Optional.of(norm.gain()) : Optional.empty();
    }

    /** The norms of some of the heads: of queries and keys {@code from} to {@code to - 1}, counted in elements. */
    QueryKeyNorm part(long fromQuery, long toQuery, long fromKey, long toKey) {
        return new QueryKeyNorm(span, turned, part(query, fromQuery, toQuery), part(key, fromKey, toKey));
    }

    private static Norm part(Norm norm, long from, long to) {
        return norm.withGain(Weights.slice(norm.gain(), 0, from, to), Optional.empty());
    }

    /** The norms of the heads of all parts, one after the other. */
    public static QueryKeyNorm stack(List<QueryKeyNorm> parts) {
        QueryKeyNorm first = parts.get(0);
        return new QueryKeyNorm(
                first.span,
                first.turned,
                joined(parts.stream().map(QueryKeyNorm::query).toList()),
                joined(parts.stream().map(QueryKeyNorm::key).toList()));
    }

    private static Norm joined(List<Norm> norms) {
        Weight gains = Weights.stack(0, norms.stream().map(Norm::gain).toList());
        return norms.get(0).withGain(gains, Optional.empty());
    }
}
