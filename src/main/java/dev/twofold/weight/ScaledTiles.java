package dev.twofold.weight;

import dev.twofold.weight.Weight.Scaled;
import java.util.Arrays;

/** Scales rectangles in place. */
final class ScaledTiles {

    private ScaledTiles() {}

    /** @param vector the elements of the scale, all of them */
    static void scale(Scaled scaled, float[] vector, Region region, float[] data, Tile tile) {
        if (Weights.byRows(scaled.shape().rank(), scaled.axis())) {
            scaleRows(vector, region, data, tile);
        } else {
            int column = Math.toIntExact(region.column());
            scaleColumns(Arrays.copyOfRange(vector, column, column + region.columns()), region, data, tile);
        }
    }

    private static void scaleRows(float[] vector, Region region, float[] data, Tile tile) {
        for (int r = 0; r < region.rows(); r++) {
            int at = tile.offset() + r * tile.rowStride();
            float factor = vector[Math.toIntExact(region.row()) + r];
            for (int c = 0; c < region.columns(); c++) {
                data[at + c * tile.columnStride()] *= factor;
            }
        }
    }

    private static void scaleColumns(float[] factors, Region region, float[] data, Tile tile) {
        float[] line = new float[factors.length];
        for (int r = 0; r < region.rows(); r++) {
            int at = tile.offset() + r * tile.rowStride();
            if (tile.columnStride() == 1) {
                // Loops vectorise when all arrays are walked from their start: two copies more take a third of the
                // time.
                System.arraycopy(data, at, line, 0, line.length);
                multiply(line, factors);
                System.arraycopy(line, 0, data, at, line.length);
            } else {
                for (int c = 0; c < factors.length; c++) {
                    data[at + c * tile.columnStride()] *= factors[c];
                }
            }
        }
    }

    private static void multiply(float[] line, float[] factors) {
        for (int i = 0; i < line.length; i++) {
            line[i] *= factors[i];
        }
    }
}
