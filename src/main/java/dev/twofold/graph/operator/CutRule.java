package dev.twofold.graph.operator;

/**
 * Which rule says where the tensors of a node have to be if an operand of it is cut over devices. The rules themselves
 * are in {@code dev.twofold.graph.cut}.
 */
public enum CutRule {
    /** No operand may be cut. */
    NONE,
    /** A product of activations {@code [batch, sequence, features]} with a weight. */
    PRODUCT,
    /** A product of a matrix with a weight. */
    MATRIX_PRODUCT,
    /** A product of activations with a weight in blocks, {@code [out, in]}. */
    BLOCK_PRODUCT,
    /** Codes, scales and zeros of a weight, cut alike. */
    BLOCKS,
    /** Rows of a table in blocks, which each device has some of. */
    BLOCK_ROWS,
    /** Operands are cut alike. */
    ELEMENTWISE,
    /** What is normalized together is on one device. */
    NORM,
    /** Features of several layers, one after the other. */
    SIDE_BY_SIDE,
    /** The result is cut as the first operand is. */
    LIKE_FIRST,
    /** Query heads with their KV heads and their caches, of which that of the keys is operand 4. */
    ATTENTION,
    /** The same, where it is operand 3. */
    GROUP_QUERY_ATTENTION,
    /** Rows of a table, which each device has some of. */
    ROWS,
    /** A matrix with its axes exchanged. */
    TRANSPOSED,
    /** Axes joined or parted. */
    RESHAPED
}
