package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;

/**
 * Norms of queries and keys, of the same kind, epsilon and gain as the stream's.
 *
 * @param when whether there are any; there are if nothing is said
 * @param turned whether positions turn queries and keys before, not after
 */
public record QueryKeyStyle(String query, String key, HeadGains gains, Setting when, boolean turned) {
    static final QueryKeyStyle ABSENT = new QueryKeyStyle("", "", HeadGains.SHARED, Setting.NONE, false);

    public QueryKeyStyle {
        required("query", query);
        required("key", key);
        required("gains", gains);
        when = Setting.orNone(when);
    }

    public boolean isPresent() {
        return !query.isEmpty();
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
        WIDTH;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }
}
