package dev.twofold.graph.operator;

/** What an operator does with a weight that is an operand of it. */
public enum WeightUse {
    /** Reads it once for all tokens, at a cost of arithmetic that does not count. */
    WHOLE,
    /** Reads it once for all tokens, and multiplies each token with every element of it. */
    PRODUCT,
    /**
     * Reads, of a weight that experts have one part of each, those that a token is sent to, as many as the attribute {@code k} says,
     * and multiplies the token with every element of these.
     */
    CHOSEN,
    /** Reads a row of it for each token. */
    LOOK_UP,
    /** Runtimes apply it to the weight once, when they load the model. */
    FOLDED
}
