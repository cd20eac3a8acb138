package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.Rounded;
import java.util.Arrays;
import java.util.Optional;

/**
 * Rounds matrices to blocks: what the blocks stand for, and the codes, scales and zeros that they are stored as. Whole blocks
 * are evaluated, few rows at a time.
 */
final class BlockRounding {

    /** Elements that are held at a time. */
    private static final int STRIP = 1 << 16;

    private final WeightEvaluator evaluator;

    BlockRounding(WeightEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /** Computes a rectangle of what a rounded matrix stands for. */
    void fill(Rounded matrix, Region region, float[] data, Tile tile) {
        int size = matrix.blocks().size();
        Span span = Span.around(region.column(), region.columns(), size);
        each(matrix, region, span, (strip, row, block) -> {
            int[] codes = strip.codes(row, block);
            float scale = strip.scale(row, block);
            int zero = strip.zero(row, block);
            int skipped = span.offset(region.column(), block, size);
            int begin = Math.max(0, skipped);
            int end = Math.min(size, skipped + region.columns());
            int from = at(tile, strip.row(row) - region.row(), -skipped);
            for (int i = begin; i < end; i++) {
                data[from + i * tile.columnStride()] = (codes[i] - zero) * scale;
            }
        });
    }

    /** Computes a rectangle of one of the tensors that a rounded matrix is stored as. */
    void fill(BlockTensor tensor, Region region, float[] data, Tile tile) {
        Rounded matrix = tensor.matrix();
        if (tensor.part().ofBlocks()) {
            fillBlocks(tensor, region, data, tile);
            return;
        }
        int size = matrix.blocks().size();
        int shift = tensor.part() == BlockPart.SIGNED_CODES ? matrix.blocks().middle() : 0;
        Span span = Span.around(region.column(), region.columns(), size);
        each(matrix, region, span, (strip, row, block) -> {
            int[] codes = strip.codes(row, block);
            int skipped = span.offset(region.column(), block, size);
            int begin = Math.max(0, skipped);
            int end = Math.min(size, skipped + region.columns());
            int from = at(tile, strip.row(row) - region.row(), -skipped);
            for (int i = begin; i < end; i++) {
                data[from + i * tile.columnStride()] = codes[i] - shift;
            }
        });
    }

    private void fillBlocks(BlockTensor tensor, Region region, float[] data, Tile tile) {
        Rounded matrix = tensor.matrix();
        long blocks = matrix.blocks().blocks(matrix.shape().dim(1));
        int known = (int) Math.max(0, Math.min(region.columns(), blocks - region.column()));
        each(matrix, region, new Span(region.column(), known), (strip, row, block) -> {
            float value = tensor.part() == BlockPart.SCALES ? strip.scale(row, block) : strip.zero(row, block);
            data[at(tile, strip.row(row) - region.row(), block)] = value;
        });
        for (int row = 0; row < region.rows(); row++) {
            for (int column = known; column < region.columns(); column++) {
                data[at(tile, row, column)] = matrix.blocks().middle();
            }
        }
    }

    /** Where the number comes from that decides the scale of a block: one that is none, or the largest. */
    Optional<Weights.Element> largest(Rounded matrix, long row, long block) {
        long from = block * matrix.blocks().size();
        int count = (int) Math.min(matrix.blocks().size(), matrix.shape().dim(1) - from);
        float[] values = new float[count];
        evaluator.fill(matrix.source(), new Region(row, 1, from, count), values, Tile.rowMajor(count));
        int largest = 0;
        for (int i = 1; i < count; i++) {
            if (Float.compare(Math.abs(values[i]), Math.abs(values[largest])) > 0) {
                largest = i;
            }
        }
        return Weights.at(matrix.source(), row, from + largest);
    }

    private static int at(Tile tile, long row, int column) {
        return tile.offset() + (int) row * tile.rowStride() + column * tile.columnStride();
    }

    /** Neighbouring blocks of a row. */
    private record Span(long first, int count) {

        /** The blocks that elements are in. */
        static Span around(long column, int columns, int size) {
            long first = column / size;
            return new Span(first, Math.toIntExact((column + columns + size - 1) / size - first));
        }

        /** Elements of a block that are before one of the row; negative if the block starts after it. */
        int offset(long column, int block, int size) {
            return Math.toIntExact(column - (first + block) * size);
        }
    }

    /** Receives the blocks of a strip one by one. */
    private interface Sink {
        void accept(Strip strip, int row, int block);
    }

    private void each(Rounded matrix, Region region, Span span, Sink sink) {
        IntegerBlocks blocks = matrix.blocks();
        long from = span.first() * blocks.size();
        long to = Math.min(matrix.shape().dim(1), from + (long) span.count() * blocks.size());
        int width = Math.toIntExact(Math.max(0, to - from));
        int height = Math.max(1, Math.min(region.rows(), STRIP / Math.max(1, width)));
        Strip strip = new Strip(blocks, height, width, span.count());
        for (int done = 0; done < region.rows(); done += height) {
            int rows = Math.min(height, region.rows() - done);
            strip.load(evaluator, matrix, new Region(region.row() + done, rows, from, width), span.first());
            for (int row = 0; row < rows; row++) {
                for (int block = 0; block < span.count(); block++) {
                    sink.accept(strip, row, block);
                }
            }
        }
    }

    /** Some rows of a matrix, in whole blocks, with their scales and zeros. */
    private static final class Strip {

        private final IntegerBlocks blocks;
        private final int width;
        private final int count;
        private final float[] values;
        private final float[] scales;
        private final float[] zeros;
        private final int[] codes;
        private long firstRow;

        Strip(IntegerBlocks blocks, int rows, int width, int count) {
            this.blocks = blocks;
            this.width = width;
            this.count = count;
            this.values = new float[rows * width];
            this.scales = new float[rows * count];
            this.zeros = new float[rows * count];
            this.codes = new int[blocks.size()];
        }

        void load(WeightEvaluator evaluator, Rounded matrix, Region region, long firstBlock) {
            firstRow = region.row();
            evaluator.fill(matrix.source(), region, values, Tile.rowMajor(width));
            if (matrix.grid() instanceof Grid.Given given) {
                Region own = new Region(region.row(), region.rows(), firstBlock, count);
                evaluator.fill(given.scales(), own, scales, Tile.rowMajor(count));
                evaluator.fill(given.zeros(), own, zeros, Tile.rowMajor(count));
                return;
            }
            for (int row = 0; row < region.rows(); row++) {
                for (int block = 0; block < count; block++) {
                    range(row, block);
                }
            }
        }

        long row(int row) {
            return firstRow + row;
        }

        float scale(int row, int block) {
            return scales[row * count + block];
        }

        int zero(int row, int block) {
            return (int) zeros[row * count + block];
        }

        /** Elements that a block has. */
        int elements(int block) {
            return Math.min(blocks.size(), width - block * blocks.size());
        }

        /**
         * The codes of a block, until the next one's: to the nearest, half up, by a product with the scale's reciprocal because the
         * builder does that. What a short block lacks has the code of zero.
         */
        int[] codes(int row, int block) {
            float scale = scale(row, block);
            float reciprocal = scale == 0 ? 0 : 1 / scale;
            int zero = zero(row, block);
            float half = zero + 0.5f;
            int largest = blocks.largest();
            int from = row * width + block * blocks.size();
            int known = elements(block);
            for (int i = 0; i < known; i++) {
                codes[i] = Math.min(largest, Math.max(0, (int) (values[from + i] * reciprocal + half)));
            }
            Arrays.fill(codes, known, codes.length, zero);
            return codes;
        }

        private void range(int row, int block) {
            int first = Integer.MAX_VALUE;
            int last = Integer.MIN_VALUE;
            int from = row * width + block * blocks.size();
            for (int i = from; i < from + elements(block); i++) {
                int order = inOrder(Float.floatToRawIntBits(values[i]));
                first = Math.min(first, order);
                last = Math.max(last, order);
            }
            float least = Float.intBitsToFloat(inOrder(first));
            float greatest = Float.intBitsToFloat(inOrder(last));
            if (Float.isNaN(least)) {
                greatest = least;
            }
            int at = row * count + block;
            if (blocks.symmetric()) {
                float largest = Math.abs(greatest) <= Math.abs(least) ? least : greatest;
                scales[at] = stored(largest / -blocks.middle());
                zeros[at] = blocks.middle();
            } else {
                float low = Math.min(least, 0);
                float scale = (Math.max(greatest, 0) - low) / blocks.largest();
                scales[at] = stored(scale);
                zeros[at] = scale == 0 ? 0 : Math.round(Math.min(blocks.largest(), -low / scale));
            }
        }

        /**
         * Float bits as whole numbers in the order of the floats, and back: comparing those takes vector instructions. What is
         * not a number comes last, or first if its sign is set.
         */
        private static int inOrder(int bits) {
            return bits ^ bits >> 31 & 0x7fffffff;
        }

        private float stored(float scale) {
            return blocks.scales() == DType.F16 ? Float16.toFloat(Float16.fromFloat(scale)) : scale;
        }
    }
}
