package dev.twofold.graph.lower;

import dev.twofold.diag.PlainName;

/** Which tokens of a run have logits. */
public enum LogitsSpan {
    ALL,
    /** The last of each row, which is all that generating reads. */
    LAST;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
