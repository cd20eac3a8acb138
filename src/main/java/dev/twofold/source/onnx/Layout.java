package dev.twofold.source.onnx;

/** How keys or values of all tokens lie. */
enum Layout {
    /** {@code [heads, tokens, size]}. */
    HEADS,
    /** {@code [heads, 1, tokens, size]}, on the way to have each head several times. */
    APART,
    /** {@code [heads, times, tokens, size]}. */
    REPEATED,
    /** {@code [heads, size, tokens]}. */
    TURNED,
    /** {@code [heads, 1, size, tokens]}, for the query heads that share each. */
    TURNED_APART,
    /** {@code [tokens, heads, size]}. */
    TOKENS,
    /** {@code [tokens, heads * size]}. */
    JOINED
}
