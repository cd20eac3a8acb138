package dev.twofold.weight;

import dev.twofold.weight.Weight.NestedScales;
import dev.twofold.weight.Weight.Nibbles;

/** Computes rectangles of floats of four bits, and of scales that are codes themselves. */
final class FourBitTiles {

    private FourBitTiles() {}

    /** Reads the bytes that a rectangle touches. */
    static void unpack(WeightEvaluator evaluator, Nibbles nibbles, Region region, float[] data, Tile tile) {
        long first = region.column() / 2;
        int columns = (int) ((region.column() + region.columns() + 1) / 2 - first);
        byte[] bytes = new byte[region.rows() * columns];
        evaluator.read(nibbles.bytes(), new Region(region.row(), region.rows(), first, columns), bytes);
        for (int r = 0; r < region.rows(); r++) {
            for (int c = 0; c < region.columns(); c++) {
                long column = region.column() + c;
                int pair = bytes[r * columns + (int) (column / 2 - first)] & 0xff;
                boolean high = column % 2 == 0 == nibbles.highFirst();
                data[tile.offset() + r * tile.rowStride() + c * tile.columnStride()] =
                        nibbles.numbers().number(high ? pair >> 4 : pair & 15);
            }
        }
    }

    static void scales(WeightEvaluator evaluator, NestedScales nested, Region region, float[] data, Tile tile) {
        byte[] codes = new byte[region.rows() * region.columns()];
        evaluator.read(nested.codes(), region, codes);
        float[] numbers = evaluator.vector(nested.numbers());
        float[] outer = evaluator.vector(nested.outer());
        long width = nested.shape().columns();
        for (int r = 0; r < region.rows(); r++) {
            for (int c = 0; c < region.columns(); c++) {
                long place = (region.row() + r) * width + region.column() + c;
                int code = Byte.toUnsignedInt(codes[r * region.columns() + c]);
                float scale = numbers[code] * outer[Math.toIntExact(place / nested.each())];
                data[tile.offset() + r * tile.rowStride() + c * tile.columnStride()] = scale + nested.offset();
            }
        }
    }
}
