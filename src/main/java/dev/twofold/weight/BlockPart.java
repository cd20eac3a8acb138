package dev.twofold.weight;

/** What a tensor of a matrix in blocks holds. */
public enum BlockPart {
    /** The code of every element, from 0; what is past the end of a row has the code of zero. */
    CODES,
    /** The same less the middle, so that zero has the code 0; only of symmetric blocks. */
    SIGNED_CODES,
    /** The scale of every block. */
    SCALES,
    /** The code of zero in every block; what is past the last block has the middle. */
    ZEROS;

    /** Whether it has a number for each block, and not for each element. */
    boolean ofBlocks() {
        return this == SCALES || this == ZEROS;
    }
}
