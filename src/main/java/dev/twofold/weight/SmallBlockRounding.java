package dev.twofold.weight;

import dev.twofold.tensor.Float16;
import java.nio.ByteBuffer;

/**
 * Rounds 32 numbers to a block, byte for byte as ggml's reference does: the same sums and products in float32, in the same
 * order. The layouts are those that {@link SmallBlocks} reads.
 */
final class SmallBlockRounding {

    private static final int ELEMENTS = SmallBlocks.ELEMENTS;
    private static final int HALF = ELEMENTS / 2;

    private SmallBlockRounding() {}

    /** The number of the largest magnitude, the first of several. */
    private static float extreme(float[] values, int from) {
        float extreme = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            extreme = Math.abs(values[from + i]) > Math.abs(extreme) ? values[from + i] : extreme;
        }
        return extreme;
    }

    /** Of zeros of both signs the first. */
    private static float least(float[] values, int from) {
        float least = values[from];
        for (int i = 1; i < ELEMENTS; i++) {
            least = values[from + i] < least ? values[from + i] : least;
        }
        return least;
    }

    private static float greatest(float[] values, int from) {
        float greatest = values[from];
        for (int i = 1; i < ELEMENTS; i++) {
            greatest = values[from + i] > greatest ? values[from + i] : greatest;
        }
        return greatest;
    }

    private static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }

    /** Cut to a whole number, no larger than a limit. */
    private static int whole(float value, int limit) {
        return Math.min(limit, (int) value);
    }

    /** Writes a scale of 16 bits; whether it is finite. */
    static boolean half(ByteBuffer block, int at, float value) {
        short half = Float16.fromFloat(value);
        block.putShort(at, half);
        return Float.isFinite(Float16.toFloat(half));
    }

    static boolean q40(float[] values, int from, ByteBuffer block, int at) {
        float scale = extreme(values, from) / -8;
        float inverse = inverse(scale);
        for (int j = 0; j < HALF; j++) {
            int low = whole(values[from + j] * inverse + 8.5f, 15);
            int high = whole(values[from + HALF + j] * inverse + 8.5f, 15);
            block.put(at + 2 + j, (byte) (low | high << 4));
        }
        return half(block, at, scale);
    }

    static boolean q41(float[] values, int from, ByteBuffer block, int at) {
        float least = least(values, from);
        float scale = (greatest(values, from) - least) / 15;
        float inverse = inverse(scale);
        for (int j = 0; j < HALF; j++) {
            int low = whole((values[from + j] - least) * inverse + 0.5f, 15);
            int high = whole((values[from + HALF + j] - least) * inverse + 0.5f, 15);
            block.put(at + 4 + j, (byte) (low | high << 4));
        }
        return half(block, at, scale) & half(block, at + 2, least);
    }

    static boolean q50(float[] values, int from, ByteBuffer block, int at) {
        float scale = extreme(values, from) / -16;
        float inverse = inverse(scale);
        int fifth = 0;
        for (int j = 0; j < HALF; j++) {
            int low = whole(values[from + j] * inverse + 16.5f, 31);
            int high = whole(values[from + HALF + j] * inverse + 16.5f, 31);
            block.put(at + 6 + j, (byte) (low & 15 | high << 4));
            fifth |= low >> 4 << j | high >> 4 << j + HALF;
        }
        block.putInt(at + 2, fifth);
        return half(block, at, scale);
    }

    static boolean q51(float[] values, int from, ByteBuffer block, int at) {
        float least = least(values, from);
        float scale = (greatest(values, from) - least) / 31;
        float inverse = inverse(scale);
        int fifth = 0;
        for (int j = 0; j < HALF; j++) {
            int low = whole((values[from + j] - least) * inverse + 0.5f, 31);
            int high = whole((values[from + HALF + j] - least) * inverse + 0.5f, 31);
            block.put(at + 8 + j, (byte) (low & 15 | high << 4));
            fifth |= low >> 4 << j | high >> 4 << j + HALF;
        }
        block.putInt(at + 4, fifth);
        return half(block, at, scale) & half(block, at + 2, least);
    }

    static boolean q80(float[] values, int from, ByteBuffer block, int at) {
        float scale = Math.abs(extreme(values, from)) / 127;
        float inverse = inverse(scale);
        for (int j = 0; j < ELEMENTS; j++) {
            float value = values[from + j] * inverse;
            // Halves away from zero.
            float magnitude = (float) Math.floor(Math.abs(value));
            magnitude += (float) Math.floor(2 * (Math.abs(value) - magnitude));
            block.put(at + 2 + j, (byte) (int) (value < 0 ? -magnitude : magnitude));
        }
        return half(block, at, scale);
    }
}
