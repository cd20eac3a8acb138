package dev.twofold.graph.lower;

import dev.twofold.diag.PlainName;

/** Where the rows of a batch that are shorter than others may be filled up. */
public enum Padding {
    /** Behind their tokens. Where GroupQueryAttention would take padding before them for tokens, such rows are refused. */
    RIGHT,
    /** Behind or before: rows are moved to the left where the model begins, and back where its head does. */
    ANY;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
