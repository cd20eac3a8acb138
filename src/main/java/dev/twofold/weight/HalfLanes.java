package dev.twofold.weight;

import dev.twofold.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Converts rows of bf16 to fp16 or bf16, each times a factor, two elements an {@code int}.
 *
 * <p>The JIT compiler of Java 17 vectorises loops over {@code int[]} and over {@code float[]}, but not conversions
 * between {@code short} and {@code int}, nor {@code Float.intBitsToFloat}. So both elements of an int go to a lane of
 * their own, and lanes change between int and float by a copy through one buffer seen as both. Rounding is that of
 * {@link dev.twofold.tensor.Float16} and {@link dev.twofold.tensor.BFloat16}, bit for bit.
 */
final class HalfLanes {

    private static final int MAGNITUDE = 0x7fffffff;
    /** 2^-14, the smallest normal fp16, as float bits. */
    private static final int SMALLEST_NORMAL = 0x38800000;
    /** Adding 0.5 to a subnormal fp16 rounds it and leaves it in the low bits. */
    private static final float SUBNORMAL_MAGIC = 0.5f;

    private static final int SUBNORMAL_MAGIC_BITS = 0x3f000000;
    /** Exponent bias of float less that of fp16, and the rounding of the 13 bits that are dropped. */
    private static final int REBIAS_AND_ROUND = 0xfff - (112 << 23);

    private final IntBuffer asInts;
    private final FloatBuffer asFloats;
    private final int[] packed;
    private final int[] low;
    private final int[] high;
    private final int[] subnormalBits;
    private final float[] values;
    private final float[] subnormals;
    /** A set sign bit says that some element at this place was too large. */
    private final int[] tooLarge;

    /** @param pairs most ints in one call */
    HalfLanes(int pairs) {
        ByteBuffer shared = ByteBuffer.allocateDirect(pairs * Integer.BYTES).order(ByteOrder.nativeOrder());
        asInts = shared.asIntBuffer();
        asFloats = shared.asFloatBuffer();
        packed = new int[pairs];
        low = new int[pairs];
        high = new int[pairs];
        subnormalBits = new int[pairs];
        values = new float[pairs];
        subnormals = new float[pairs];
        tooLarge = new int[pairs];
    }

    /**
     * Converts rows in place.
     *
     * @param block holds the rows, {@code stride} ints apart from {@code from} on
     * @param pairs ints a row; {@code rows * pairs} is at most what the constructor was told
     * @param factors of the rows, from {@code firstFactor} on
     * @param target F16 or BF16
     * @param limit float bits of the smallest magnitude that cannot be stored
     */
    void convert(
            int[] block,
            int from,
            int stride,
            int rows,
            int pairs,
            float[] factors,
            int firstFactor,
            DType target,
            int limit) {
        // Loops vectorise when all arrays are walked from their start, and copies pay when they are long.
        for (int r = 0; r < rows; r++) {
            System.arraycopy(block, from + r * stride, packed, r * pairs, pairs);
        }
        split(rows * pairs);
        convert(low, rows, pairs, factors, firstFactor, target, limit);
        convert(high, rows, pairs, factors, firstFactor, target, limit);
        pack(rows * pairs);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(packed, r * pairs, block, from + r * stride, pairs);
        }
    }

    /** Whether an element since the last call was too large to be stored, or not a number. */
    boolean overflowed() {
        int any = 0;
        for (int i = 0; i < tooLarge.length; i++) {
            any |= tooLarge[i];
            tooLarge[i] = 0;
        }
        return any < 0;
    }

    private void split(int pairs) {
        for (int i = 0; i < pairs; i++) {
            low[i] = packed[i] << 16;
        }
        for (int i = 0; i < pairs; i++) {
            high[i] = packed[i] & 0xffff0000;
        }
    }

    private void pack(int pairs) {
        for (int i = 0; i < pairs; i++) {
            packed[i] = high[i] << 16 | low[i];
        }
    }

    /** Turns float bits into 16 bits, in the low half of each int. */
    private void convert(int[] bits, int rows, int pairs, float[] factors, int firstFactor, DType target, int limit) {
        int count = rows * pairs;
        asInts.put(0, bits, 0, count);
        asFloats.get(0, values, 0, count);
        for (int r = 0; r < rows; r++) {
            scale(r * pairs, (r + 1) * pairs, factors[firstFactor + r]);
        }
        asFloats.put(0, values, 0, count);
        asInts.get(0, bits, 0, count);
        if (target == DType.F16) {
            magic(count);
            asFloats.put(0, subnormals, 0, count);
            asInts.get(0, subnormalBits, 0, count);
            toFloat16(bits, count, limit);
        } else {
            toBFloat16(bits, count, limit);
        }
    }

    private void scale(int from, int to, float factor) {
        for (int i = from; i < to; i++) {
            values[i] *= factor;
        }
    }

    private void magic(int count) {
        for (int i = 0; i < count; i++) {
            subnormals[i] = Math.abs(values[i]) + SUBNORMAL_MAGIC;
        }
    }

    private void toFloat16(int[] bits, int count, int limit) {
        for (int i = 0; i < count; i++) {
            int magnitude = bits[i] & MAGNITUDE;
            tooLarge[i] |= limit - 1 - magnitude;
            int normal = magnitude + REBIAS_AND_ROUND + (magnitude >> 13 & 1) >> 13;
            int isSubnormal = magnitude - SMALLEST_NORMAL >> 31;
            int half = normal & ~isSubnormal | subnormalBits[i] - SUBNORMAL_MAGIC_BITS & isSubnormal;
            bits[i] = bits[i] >> 16 & 0x8000 | half;
        }
    }

    private void toBFloat16(int[] bits, int count, int limit) {
        for (int i = 0; i < count; i++) {
            tooLarge[i] |= limit - 1 - (bits[i] & MAGNITUDE);
            bits[i] = bits[i] + 0x7fff + (bits[i] >> 16 & 1) >> 16 & 0xffff;
        }
    }
}
