package dev.twofold.pass;

/** What passes establish, require of one another, and take away. */
public enum Property {
    /** Every norm a step reads through has a gain of one. */
    NORMS_FOLDED,
    /** Groups were refitted to what their layers did one after the other. */
    COMPENSATED,
    /** Weights are rounded to few bits; nothing may be computed with them any more. */
    QUANTIZED,
    /** It is decided how the model is cut over devices; layers may not be rearranged any more. */
    SHARDED
}
