package dev.twofold.weight;

import dev.twofold.tensor.Float16;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Blocks of 32 numbers with a scale of 16 bits. Where a number has four bits, byte j of a block holds number j in its low
 * half and number j + 16 in its high half. Products and sums are those of ggml's reference, in its order, in float32.
 */
final class SmallBlocks {

    static final int ELEMENTS = 32;
    private static final int HALF = ELEMENTS / 2;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** What four bits mean in the non-linear formats. */
    private static final float[] NON_LINEAR = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    /** Twice what four bits mean as a float of 2 bits of exponent and 1 of fraction. */
    private static final float[] E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private SmallBlocks() {}

    static float half(byte[] block, int at) {
        return Float16.toFloat((short) SHORTS.get(block, at));
    }

    static int unsignedShort(byte[] block, int at) {
        return (short) SHORTS.get(block, at) & 0xffff;
    }

    static void q40(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        for (int j = 0; j < HALF; j++) {
            int both = block[from + 2 + j];
            values[to + j] = scale * ((both & 15) - 8);
            values[to + HALF + j] = scale * ((both >> 4 & 15) - 8);
        }
    }

    static void q41(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        float least = half(block, from + 2);
        for (int j = 0; j < HALF; j++) {
            int both = block[from + 4 + j];
            values[to + j] = scale * (both & 15) + least;
            values[to + HALF + j] = scale * (both >> 4 & 15) + least;
        }
    }

    static void q50(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        int fifth = (int) INTS.get(block, from + 2);
        for (int j = 0; j < HALF; j++) {
            int both = block[from + 6 + j];
            values[to + j] = scale * ((both & 15 | (fifth >> j & 1) << 4) - 16);
            values[to + HALF + j] = scale * ((both >> 4 & 15 | (fifth >> j + HALF & 1) << 4) - 16);
        }
    }

    static void q51(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        float least = half(block, from + 2);
        int fifth = (int) INTS.get(block, from + 4);
        for (int j = 0; j < HALF; j++) {
            int both = block[from + 8 + j];
            values[to + j] = scale * (both & 15 | (fifth >> j & 1) << 4) + least;
            values[to + HALF + j] = scale * (both >> 4 & 15 | (fifth >> j + HALF & 1) << 4) + least;
        }
    }

    static void q80(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        for (int j = 0; j < ELEMENTS; j++) {
            values[to + j] = block[from + 2 + j] * scale;
        }
    }

    static void iq4nl(byte[] block, int from, float[] values, int to) {
        nonLinear(half(block, from), block, from + 2, values, to);
    }

    /** Numbers of 16 bytes, by the table of the non-linear formats. */
    static void nonLinear(float scale, byte[] block, int from, float[] values, int to) {
        looked(NON_LINEAR, scale, block, from, values, to);
    }

    /** The scale is a power of two, of which the byte is the exponent; halved, for the table is doubled. */
    static void mxfp4(byte[] block, int from, float[] values, int to) {
        int exponent = block[from] & 0xff;
        float scale = Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23);
        looked(E2M1, scale, block, from + 1, values, to);
    }

    private static void looked(float[] table, float scale, byte[] block, int from, float[] values, int to) {
        for (int j = 0; j < HALF; j++) {
            int both = block[from + j];
            values[to + j] = scale * table[both & 15];
            values[to + HALF + j] = scale * table[both >> 4 & 15];
        }
    }
}
