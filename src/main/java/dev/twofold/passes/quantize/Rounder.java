package dev.twofold.passes.quantize;

import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.BlocksOnDisk;
import dev.twofold.weight.Grid;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Rounded;

/** Rounds matrices that read the same. */
interface Rounder {

    /** On the range of each block, but as they are if they are in such blocks already. */
    Rounder NEAREST = (matrix, blocks, name) ->
            BlocksOnDisk.kept(matrix, blocks).orElseGet(() -> new Rounded(matrix, blocks, Grid.RANGE));

    /** Not yet. */
    Rounder LATER = (matrix, blocks, name) -> matrix;

    /**
     * A matrix as it is to be.
     *
     * @param name what it is, for messages
     */
    Weight round(Weight matrix, IntegerBlocks blocks, String name);
}
