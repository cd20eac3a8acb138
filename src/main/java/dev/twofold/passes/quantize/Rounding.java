package dev.twofold.passes.quantize;

import dev.twofold.diag.PlainName;

/** How the numbers of a matrix are rounded. */
public enum Rounding {
    /** Each to the nearest, on a grid that spans its block. Needs no text. */
    NEAREST,
    /** Each to the nearest, on the grid that keeps best what a text multiplies most. */
    SEARCH,
    /** On the same grid, one column after the other, each making up for what rounding those before it did to a text's products. */
    GPTQ;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
