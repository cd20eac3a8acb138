package dev.twofold.passes.quantize;

import dev.twofold.tensor.IntegerBlocks;
import java.util.List;
import java.util.Optional;

/**
 * How each matrix of a model is rounded.
 *
 * @param rest the blocks of matrices that no place holds
 * @param places a later one goes before an earlier one
 * @param all layers of the model
 */
record MatrixRounding(IntegerBlocks rest, List<Place> places, int all) {

    /** The blocks of a matrix of some layers; nothing if it is not rounded. */
    Optional<IntegerBlocks> blocks(MatrixName name, List<Integer> layers) {
        IntegerBlocks blocks = rest;
        boolean kept = false;
        for (Place place : places) {
            if (place.holds(name, layers, all)) {
                blocks = place.over(rest);
                kept = place.keeps();
            }
        }
        return kept ? Optional.empty() : Optional.of(blocks);
    }
}
