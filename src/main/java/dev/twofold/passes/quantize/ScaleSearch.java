package dev.twofold.passes.quantize;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.IntegerBlocks;

/**
 * Finds the scale and the zero of a block that lose least: of grids somewhat narrower or wider than its range, each with the scale
 * that suits its codes best, the one with the least sum of squared errors, each weighed by how large what it is multiplied with is.
 */
final class ScaleSearch {

    /** Widths that are tried, as shares of the range. */
    private static final int WIDTHS = 10;

    private static final float NARROWEST = 0.6f;
    private static final float WIDEST = 1.05f;

    private final IntegerBlocks blocks;
    private final double[] importance;

    /** @param importance of each column: the mean square of what it is multiplied with, in any unit */
    ScaleSearch(IntegerBlocks blocks, double[] importance) {
        this.blocks = blocks;
        this.importance = importance;
    }

    /** What a block's codes are counted from and in. */
    record Found(float scale, int zero, double error) {}

    /**
     * @param values that the block is among
     * @param from its first
     * @param column of its first
     * @param count its elements
     */
    Found best(float[] values, int from, int column, int count) {
        float least = 0;
        float greatest = 0;
        for (int i = from; i < from + count; i++) {
            least = Math.min(least, values[i]);
            greatest = Math.max(greatest, values[i]);
        }
        Found best = new Found(0, blocks.middle(), Double.POSITIVE_INFINITY);
        int signs = blocks.symmetric() ? 2 : 1;
        for (int width = 0; width <= WIDTHS; width++) {
            float share = width == WIDTHS ? 1 : NARROWEST + (WIDEST - NARROWEST) * width / (WIDTHS - 1);
            for (int sign = 0; sign < signs; sign++) {
                float scale = blocks.symmetric()
                        ? Math.max(greatest, -least) * share / (sign == 0 ? blocks.middle() : -blocks.middle())
                        : (greatest - least) * share / blocks.largest();
                int zero = blocks.symmetric() || scale == 0
                        ? blocks.middle()
                        : Math.round(Math.min(blocks.largest(), -least * share / scale));
                Found found = fitted(scale, zero, values, from, column, count);
                if (found.error() < best.error()) {
                    best = found;
                }
            }
        }
        return best;
    }

    /** The scale that suits best the codes which a grid gives, if that is better than the grid's own. */
    private Found fitted(float scale, int zero, float[] values, int from, int column, int count) {
        float own = stored(scale);
        double product = 0;
        double square = 0;
        float reciprocal = own == 0 ? 0 : 1 / own;
        for (int i = 0; i < count; i++) {
            int code = code(values[from + i], reciprocal, zero) - zero;
            double weight = importance[column + i];
            product += weight * code * values[from + i];
            square += weight * code * code;
        }
        Found first = new Found(own, zero, error(own, zero, values, from, column, count));
        if (square == 0) {
            return first;
        }
        float suited = stored((float) (product / square));
        Found second = new Found(suited, zero, error(suited, zero, values, from, column, count));
        return second.error() < first.error() ? second : first;
    }

    private double error(float scale, int zero, float[] values, int from, int column, int count) {
        float reciprocal = scale == 0 ? 0 : 1 / scale;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double lost = values[from + i] - (code(values[from + i], reciprocal, zero) - zero) * scale;
            sum += importance[column + i] * lost * lost;
        }
        return sum;
    }

    /** The code of a number, as it is stored in the end. */
    int code(float value, float reciprocal, int zero) {
        return Math.min(blocks.largest(), Math.max(0, (int) (value * reciprocal + (zero + 0.5f))));
    }

    private float stored(float scale) {
        return blocks.scales() == DType.F16 ? Float16.toFloat(Float16.fromFloat(scale)) : scale;
    }
}
