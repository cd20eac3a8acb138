package dev.twofold.source.onnx;

import dev.twofold.decoder.Linear;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A value as a projection of another, however it was packed with others and cut apart again.
 *
 * @param x what is projected
 * @param clip what the result is limited to
 */
record Projections(Value x, Linear linear, Optional<Double> clip) {

    /** Values that one projection is put together from: a group of sixteen layers has 48 projections, each cut out of another. */
    private static final int MAX_VALUES = 512;

    /** Nothing if it is none. */
    static Optional<Projections> of(Value value) {
        return new Reader().read(value);
    }

    /** Goes back from a value, and gives up at one that is made of more than anybody makes one of. */
    private static final class Reader {

        private int left = MAX_VALUES;

        private Optional<Projections> read(Value value) {
            left--;
            return left < 0 ? Optional.empty() : made(value);
        }

        private Optional<Projections> made(Value value) {
            if (value.term() instanceof Term.Projected projected) {
                return Optional.of(new Projections(projected.x(), projected.linear(), Optional.empty()));
            } else if (value.term() instanceof Term.Part part) {
                return read(part.x())
                        .map(whole -> new Projections(whole.x, whole.linear.rows(part.from(), part.to()), whole.clip));
            } else if (value.term() instanceof Term.Clipped clipped) {
                return read(clipped.x())
                        .filter(inner -> inner.clip.isEmpty())
                        .map(inner -> new Projections(inner.x, inner.linear, Optional.of(clipped.limit())));
            } else if (value.term() instanceof Term.Scaled scaled) {
                return read(scaled.x())
                        .filter(inner -> inner.clip.isEmpty())
                        .map(inner -> new Projections(inner.x, times(inner.linear, scaled.factor()), Optional.empty()));
            } else if (value.term() instanceof Term.Joined joined) {
                return stacked(joined.parts());
            }
            return Optional.empty();
        }

        private Optional<Projections> stacked(List<Value> values) {
            List<Projections> parts = new ArrayList<>();
            for (Value value : values) {
                Optional<Projections> part = read(value);
                if (part.isEmpty()
                        || part.get().x != first(parts, part.get()).x
                        || part.get().clip.isPresent()) {
                    return Optional.empty();
                }
                parts.add(part.get());
            }
            Linear all = Linear.stack(parts.stream().map(Projections::linear).toList());
            return Optional.of(new Projections(parts.get(0).x, all, Optional.empty()));
        }
    }

    static Linear times(Linear linear, double factor) {
        return new Linear(
                Weights.times(linear.weight(), factor), linear.bias().map(bias -> Weights.times(bias, factor)));
    }

    private static Projections first(List<Projections> parts, Projections otherwise) {
        return parts.isEmpty() ? otherwise : parts.get(0);
    }
}
