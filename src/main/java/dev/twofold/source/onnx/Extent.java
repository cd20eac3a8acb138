package dev.twofold.source.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A size of a graph's values, which may depend on how many tokens it is given.
 *
 * @param factor what the unknown sizes are multiplied by
 * @param unknown sizes that a graph is given, in order
 */
record Extent(long factor, List<Unknown> unknown) {

    /** What differs from call to call. */
    enum Unknown {
        /** Texts at once. */
        BATCH,
        /** New tokens. */
        NEW,
        /** Tokens of the past. */
        PAST,
        /** Both. */
        TOTAL,
        /** Something else, which two of are not equal. */
        UNSEEN
    }

    private static final int MOST = 8;

    static final Extent BATCH = of(Unknown.BATCH);
    static final Extent NEW = of(Unknown.NEW);
    static final Extent PAST = of(Unknown.PAST);
    static final Extent TOTAL = of(Unknown.TOTAL);
    static final Extent UNSEEN = of(Unknown.UNSEEN);

    Extent {
        unknown = unknown.stream().sorted().toList();
    }

    static Extent of(long size) {
        return new Extent(size, List.of());
    }

    private static Extent of(Unknown unknown) {
        return new Extent(1, List.of(unknown));
    }

    boolean isKnown() {
        return unknown.isEmpty();
    }

    /** Whether nothing follows from it. */
    boolean isUnseen() {
        return unknown.contains(Unknown.UNSEEN);
    }

    Optional<Extent> plus(Extent other) {
        if (isKnown() && other.isKnown()) {
            return Optional.of(of(factor + other.factor));
        }
        boolean both = equals(PAST) && other.equals(NEW) || equals(NEW) && other.equals(PAST);
        return both ? Optional.of(TOTAL) : Optional.empty();
    }

    Optional<Extent> minus(Extent other) {
        if (isKnown() && other.isKnown()) {
            return Optional.of(of(factor - other.factor));
        } else if (equals(TOTAL) && other.equals(NEW)) {
            return Optional.of(PAST);
        }
        return equals(TOTAL) && other.equals(PAST) ? Optional.of(NEW) : Optional.empty();
    }

    /** Nothing if no shape has such a size. */
    Optional<Extent> times(Extent other) {
        List<Unknown> all = new ArrayList<>(unknown);
        all.addAll(other.unknown);
        return all.size() > MOST ? Optional.empty() : Optional.of(new Extent(factor * other.factor, all));
    }

    /** Of known ones the whole part, as ONNX divides; nothing if something is left over of others. */
    Optional<Extent> over(Extent other) {
        if (isKnown() && other.isKnown() && factor >= 0 && other.factor > 0) {
            return Optional.of(of(factor / other.factor));
        }
        List<Unknown> rest = new ArrayList<>(unknown);
        boolean whole = !other.isUnseen() && other.factor != 0 && factor % other.factor == 0;
        for (Unknown one : other.unknown) {
            whole &= rest.remove(one);
        }
        return whole ? Optional.of(new Extent(factor / other.factor, rest)) : Optional.empty();
    }
}
