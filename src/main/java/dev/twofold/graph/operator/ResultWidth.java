package dev.twofold.graph.operator;

/** How the width of results follows: their number of elements a token. */
public enum ResultWidth {
    /** That of the widest operand. */
    WIDEST,
    /** That of the first operand. */
    FIRST,
    /** That of all operands together. */
    SUM,
    /** Each result has its own, in a constant vector that is the second operand. */
    PARTS,
    /** With a weight as an operand, that of its columns; otherwise that of the widest operand. */
    PRODUCT,
    /** With a weight as an operand, that of its rows; otherwise that of the widest operand. */
    ROW,
    /** The number of rows of the first weight among the operands. */
    ROWS,
    /** Of the first result, that of all query heads, whose number is the attribute {@code num_heads}; others are caches. */
    NUM_HEADS,
    /** The same with the attribute {@code q_num_heads}. */
    Q_NUM_HEADS
}
