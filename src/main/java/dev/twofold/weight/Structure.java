package dev.twofold.weight;

import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Transposed;

/**
 * Resolves the parts of an expression that only move elements: stacking, slicing, transposing. They cost nothing when a
 * rectangle is computed, because they only change which rectangle of which operand goes where.
 */
final class Structure {

    private Structure() {}

    /** Receives rectangles of expressions that compute something, and where they go. */
    interface Leaves {
        void accept(Weight leaf, Region region, Tile tile);
    }

    static void resolve(Weight weight, Region region, Tile tile, Leaves leaves) {
        if (weight instanceof Transposed transposed) {
            resolve(transposed.source(), region.transposed(), tile.transposed(), leaves);
        } else if (weight instanceof Sliced sliced) {
            boolean byRows = Weights.byRows(sliced.shape().rank(), sliced.axis());
            resolve(sliced.source(), region.shifted(byRows, sliced.begin()), tile, leaves);
        } else if (weight instanceof Stacked stacked) {
            stack(stacked, region, tile, leaves);
        } else {
            leaves.accept(weight, region, tile);
        }
    }

    private static void stack(Stacked stacked, Region region, Tile tile, Leaves leaves) {
        boolean byRows = Weights.byRows(stacked.shape().rank(), stacked.axis());
        long begin = 0;
        int filled = 0;
        for (Weight part : stacked.parts()) {
            long end = begin + part.shape().dim(stacked.axis());
            Region inside = region.within(byRows, begin, end);
            if (!inside.isEmpty()) {
                resolve(part, inside, byRows ? tile.from(filled, 0) : tile.from(0, filled), leaves);
                filled += byRows ? inside.rows() : inside.columns();
            }
            begin = end;
        }
    }
}
