package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Term.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What whole numbers of a graph come to, and the shapes of its values, where these follow from how many tokens there are. */
final class Sizes {

    private static final Map<Extent, Tokens> COUNTS =
            Map.of(Extent.NEW, Tokens.NEW, Extent.PAST, Tokens.PAST, Extent.TOTAL, Tokens.TOTAL);

    /** Ranks are small. */
    static final int MOST = 64;

    private Sizes() {}

    /** The numbers that a value holds. */
    static Optional<List<Extent>> of(Value value) {
        if (value.term() instanceof Term.Whole whole && whole.values().size() <= MOST) {
            return Optional.of(whole.values().stream().map(Extent::of).toList());
        } else if (value.term() instanceof Term.Counted counted) {
            return Optional.of(counted.sizes());
        }
        return COUNTS.entrySet().stream()
                .filter(entry -> entry.getValue() == value.term())
                .map(entry -> List.of(entry.getKey()))
                .findFirst();
    }

    static Optional<List<Extent>> of(Call call, int input) {
        return call.input(input).flatMap(Sizes::of);
    }

    /** What such numbers are. */
    static Term term(List<Extent> sizes) {
        if (sizes.stream().allMatch(Extent::isKnown)) {
            return new Term.Whole(sizes.stream().map(Extent::factor).toList());
        }
        Tokens count = sizes.size() == 1 ? COUNTS.get(sizes.get(0)) : null;
        return count != null ? count : new Term.Counted(sizes);
    }

    /** As a shape to bring a value into, where what is not known is as it was. */
    static Optional<List<Long>> dims(Call call, int input) {
        return of(call, input)
                .filter(sizes -> sizes.stream().noneMatch(Extent::isUnseen))
                .map(sizes -> sizes.stream()
                        .map(size -> size.isKnown() ? size.factor() : 0)
                        .toList());
    }

    /** Of a value. */
    static Optional<List<Extent>> shape(Value value) {
        if (value.term() instanceof Term.Input input) {
            return shape(input);
        } else if (value.term() instanceof Term.Heads heads) {
            return shape(Extent.BATCH, Extent.NEW, heads.count(), heads.size());
        } else if (value.term() instanceof Term.Headed heads) {
            return shape(Extent.BATCH, heads.count(), Extent.NEW, heads.size());
        } else if (value.term() instanceof Term.Keys keys) {
            return Optional.of(keys.shape());
        } else if (value.term() instanceof Term.Part part && isOfHeads(part)) {
            return shape(part.x()).map(whole -> {
                List<Extent> sizes = new ArrayList<>(whole);
                sizes.set(sizes.size() - 1, Extent.of(value.width()));
                return sizes;
            });
        } else if (value.term() instanceof Term.Counted || value.term() instanceof Term.Whole) {
            return of(value).map(sizes -> List.of(Extent.of(sizes.size())));
        } else if (value.term() instanceof Term.Grid grid && grid.expanded()) {
            return Optional.empty();
        } else if (value.term() instanceof Term.Grid grid) {
            return Optional.of(IntStream.range(0, grid.rank())
                    .mapToObj(place -> place == grid.rank() - 1 - grid.axis() ? size(grid.count()) : Extent.of(1))
                    .toList());
        } else if (value.term() == Tokens.PLACES) {
            return shape(Extent.NEW);
        }
        boolean tokens = value.width() > 0
                && !(value.term() instanceof Term.Numbers)
                && !(value.term() instanceof Term.Routed)
                && !(value.term() instanceof Term.Normed normed && normed.x().term() instanceof Term.Heads);
        return tokens ? shape(Extent.BATCH, Extent.NEW, value.width()) : Optional.empty();
    }

    /** How many numbers count up. */
    static Extent size(Term.Count count) {
        return switch (count) {
            case KEYS -> Extent.TOTAL;
            case QUERIES, NEW -> Extent.NEW;
            case TEXTS -> Extent.BATCH;
        };
    }

    private static boolean isOfHeads(Term.Part part) {
        return part.x().term() instanceof Term.Heads
                || part.x().term() instanceof Term.Headed
                || part.x().term() instanceof Term.Part inner && isOfHeads(inner);
    }

    private static Optional<List<Extent>> shape(Object... sizes) {
        return Optional.of(Stream.of(sizes)
                .map(size -> size instanceof Extent extent ? extent : Extent.of((long) size))
                .toList());
    }

    /** Of keys and values of the past, how many heads they have is seen where they are used. */
    private static Optional<List<Extent>> shape(Term.Input input) {
        if (Roles.isIds(input) || Roles.isPositions(input.name())) {
            return Optional.of(List.of(Extent.BATCH, Extent.NEW));
        } else if (Roles.isMask(input.name())) {
            return Optional.of(List.of(Extent.BATCH, Extent.TOTAL));
        }
        return Optional.empty();
    }
}
