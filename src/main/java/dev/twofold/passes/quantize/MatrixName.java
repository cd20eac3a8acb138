package dev.twofold.passes.quantize;

import dev.twofold.diag.PlainName;

/** The matrices of a decoder that can be rounded. A mixture's router is not one: a token would go to other experts. */
public enum MatrixName {
    EMBEDDING,
    HEAD,
    Q,
    K,
    V,
    O,
    GATE,
    UP,
    DOWN;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
