package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.IntegerBlocks;
import java.util.function.IntBinaryOperator;

/** A matrix rounded in blocks by the definition, element by element; what a GenAI builder's model was compared with bit for bit. */
final class NaiveBlocks {

    private final IntegerBlocks blocks;
    private final float[] values;
    private final int rows;
    private final int columns;

    NaiveBlocks(IntegerBlocks blocks, float[] values, int rows) {
        this.blocks = blocks;
        this.values = values;
        this.rows = rows;
        this.columns = values.length / rows;
    }

    int count() {
        return (columns + blocks.size() - 1) / blocks.size();
    }

    private float extreme(int row, int block, boolean greatest) {
        float found = values[row * columns + block * blocks.size()];
        for (int i = block * blocks.size(); i < Math.min(columns, (block + 1) * blocks.size()); i++) {
            float value = values[row * columns + i];
            found = greatest ? Math.max(found, value) : Math.min(found, value);
        }
        return found;
    }

    private float exactScale(int row, int block) {
        float least = extreme(row, block, false);
        float greatest = extreme(row, block, true);
        if (blocks.symmetric()) {
            float largest = Math.abs(greatest) > Math.abs(least) ? greatest : least;
            return largest / (blocks.bits() == 4 ? -8f : -128f);
        }
        return (Math.max(greatest, 0f) - Math.min(least, 0f)) / (blocks.bits() == 4 ? 15f : 255f);
    }

    float scale(int row, int block) {
        float scale = exactScale(row, block);
        return blocks.scales() == DType.F16 ? Float16.toFloat(Float16.fromFloat(scale)) : scale;
    }

    int zero(int row, int block) {
        if (blocks.symmetric()) {
            return blocks.bits() == 4 ? 8 : 128;
        }
        float scale = exactScale(row, block);
        float position = scale == 0 ? 0 : 0f - Math.min(extreme(row, block, false), 0f) / scale;
        return Math.min(Math.round(position), blocks.bits() == 4 ? 15 : 255);
    }

    /** Of an element past the end of a row, the code of zero. */
    int code(int row, int column) {
        int block = column / blocks.size();
        if (column >= columns) {
            return zero(row, block);
        }
        float scale = scale(row, block);
        float reciprocal = scale == 0 ? 0 : 1 / scale;
        double code = Math.floor(values[row * columns + column] * reciprocal + (zero(row, block) + 0.5f));
        return (int) Math.min(Math.max(code, 0), blocks.bits() == 4 ? 15 : 255);
    }

    float value(int row, int column) {
        int block = column / blocks.size();
        return (code(row, column) - zero(row, block)) * scale(row, block);
    }

    /** What a matrix of rounded numbers is. */
    float[] dequantized() {
        float[] all = new float[values.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = value(i / columns, i % columns);
        }
        return all;
    }

    /** Numbers of 4 or 8 bits by row and column, packed. */
    byte[] packed(int height, int width, IntBinaryOperator number) {
        int each = 8 / blocks.bits();
        byte[] bytes = new byte[(height * width + each - 1) / each];
        for (int i = 0; i < height * width; i++) {
            int value = number.applyAsInt(i / width, i % width) & (blocks.bits() == 4 ? 0xf : 0xff);
            bytes[i / each] |= (byte) (i % each == 0 ? value : value << 4);
        }
        return bytes;
    }

    byte[] codes() {
        return packed(rows, count() * blocks.size(), this::code);
    }

    byte[] zeros(int width) {
        int middle = blocks.bits() == 4 ? 8 : 128;
        return packed(rows, width, (row, block) -> block < count() ? zero(row, block) : middle);
    }

    float[] scales() {
        float[] all = new float[rows * count()];
        for (int i = 0; i < all.length; i++) {
            all[i] = scale(i / count(), i % count());
        }
        return all;
    }
}
