package dev.twofold.weight;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.Unpacked;
import java.util.Optional;

/** Computes rectangles of weights that are stored as whole numbers or small floats with scales. */
final class DequantizedTiles {

    private DequantizedTiles() {}

    /** Reads the words that a rectangle touches. */
    static void unpack(WeightEvaluator evaluator, Unpacked unpacked, Region region, float[] data, Tile tile) {
        int each = unpacked.each();
        boolean down = unpacked.axis() == 0;
        long firstRow = down ? region.row() / each : region.row();
        long firstColumn = down ? region.column() : region.column() / each;
        int rows = down ? touched(region.row(), region.rows(), each) : region.rows();
        int columns = down ? region.columns() : touched(region.column(), region.columns(), each);
        int width = unpacked.words().dtype().bytes();
        byte[] words = new byte[rows * columns * width];
        evaluator.read(unpacked.words(), new Region(firstRow, rows, firstColumn, columns), words);
        for (int r = 0; r < region.rows(); r++) {
            long row = region.row() + r;
            int wordRow = (int) ((down ? row / each : row) - firstRow);
            for (int c = 0; c < region.columns(); c++) {
                long column = region.column() + c;
                int wordColumn = (int) ((down ? column : column / each) - firstColumn);
                int place = (int) ((down ? row : column) % each);
                int word = word(words, wordRow * columns + wordColumn, width);
                int shift = unpacked.bits() * (unpacked.woven() ? woven(place, each) : place);
                int code = word >>> shift & (1 << unpacked.bits()) - 1;
                boolean negative = unpacked.signed() && code >>> unpacked.bits() - 1 == 1;
                data[tile.offset() + r * tile.rowStride() + c * tile.columnStride()] =
                        negative ? code - (1 << unpacked.bits()) : code;
            }
        }
    }

    private static int touched(long first, int count, int each) {
        return (int) ((first + count - 1) / each - first / each) + 1;
    }

    private static int woven(int place, int each) {
        return place % 2 * (each / 2) + place / 2;
    }

    private static int word(byte[] words, int index, int width) {
        int at = index * width;
        if (width == 1) {
            return words[at] & 0xff;
        }
        return words[at] & 0xff | (words[at + 1] & 0xff) << 8 | (words[at + 2] & 0xff) << 16 | words[at + 3] << 24;
    }

    static void dequantize(WeightEvaluator evaluator, Dequantized quantized, Region region, float[] data, Tile tile) {
        evaluator.fill(quantized.codes(), region, data, tile);
        Region shared = shared(quantized, region);
        float[] scales = read(evaluator, quantized.scales(), shared);
        Optional<float[]> zeros = quantized.zeros().map(weight -> read(evaluator, weight, shared));
        Optional<float[]> groups = quantized.groups().map(evaluator::vector);
        DType type = quantized.type();
        for (int r = 0; r < region.rows(); r++) {
            long row = region.row() + r;
            long group = groups.isPresent() ? group(quantized, groups.get()[(int) row]) : row / quantized.height();
            int from = (int) (group - shared.row()) * shared.columns();
            for (int c = 0; c < region.columns(); c++) {
                int own = from + (int) ((region.column() + c) / quantized.width() - shared.column());
                int at = tile.offset() + r * tile.rowStride() + c * tile.columnStride();
                float code = zeros.isPresent() ? data[at] - zeros.get()[own] : data[at];
                data[at] = rounded(code * scales[own], type);
            }
        }
    }

    private static long group(Dequantized quantized, float number) {
        if (number < 0 || number >= quantized.scales().shape().rows()) {
            throw TwofoldException.input("a number of a group that there is not")
                    .at(Origin.tensor(
                            quantized.groups().orElseThrow().file(),
                            quantized.groups().orElseThrow().name()))
                    .found((long) number)
                    .expected("0 to " + (quantized.scales().shape().rows() - 1))
                    .hint("download the file again");
        }
        return (long) number;
    }

    /** The scales that a rectangle needs: those of all groups where rows say which is theirs. */
    private static Region shared(Dequantized quantized, Region region) {
        long firstColumn = region.column() / quantized.width();
        long endColumn = (region.column() + region.columns() - 1) / quantized.width() + 1;
        boolean listed = quantized.groups().isPresent();
        long firstRow = listed ? 0 : region.row() / quantized.height();
        long endRow = listed
                ? quantized.scales().shape().rows()
                : (region.row() + region.rows() - 1) / quantized.height() + 1;
        return new Region(firstRow, (int) (endRow - firstRow), firstColumn, (int) (endColumn - firstColumn));
    }

    private static float[] read(WeightEvaluator evaluator, Weight weight, Region region) {
        float[] values = new float[region.rows() * region.columns()];
        evaluator.fill(weight, region, values, Tile.rowMajor(region.columns()));
        return values;
    }

    /** Libraries multiply in the type of the scales. */
    private static float rounded(float value, DType type) {
        return switch (type) {
            case F16 -> Float16.toFloat(Float16.fromFloat(value));
            case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(value));
            default -> value;
        };
    }
}
