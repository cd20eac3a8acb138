package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;

/**
 * Norms of queries and keys, of the same kind, epsilon and gain as the stream's.
 *
 * @param query its gain; not given where there is none
 * @param key likewise
 * @param when whether there are any; there are if nothing is said
 * @param turned whether positions turn queries and keys before, not after
 * @param positioned whether only layers with positions have them
 */
public record QueryKeyStyle(
        String query, String key, HeadGains gains, Setting when, boolean turned, boolean positioned) {
    static final QueryKeyStyle ABSENT = new QueryKeyStyle("", "", HeadGains.SHARED, Setting.NONE, false, false);

    public QueryKeyStyle {
        required("gains", gains);
        if (gains != HeadGains.NONE) {
            required("query", query);
            required("key", key);
        }
        query = query == null ? "" : query;
        key = key == null ? "" : key;
        when = Setting.orNone(when);
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }

    /** How the gains of queries and keys are kept. */
    public enum HeadGains {
        /** One for all heads. */
        SHARED,
        /** A row a head. */
        ROWS,
        /** A tensor a head, {@code {head}} in its name. */
        TENSORS,
        /** One vector for all heads, which are normalized together. */
        WIDTH,
        /** Not at all: heads are normalized one by one, and their gain is one. */
        NONE;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }
}
