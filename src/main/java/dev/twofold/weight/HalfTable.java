package dev.twofold.weight;

import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;

/** Converts unscaled bf16 to 16 bits by looking up each of the 65536 possible elements. */
enum HalfTable {
    F16,
    BF16;

    /** Marks an element that the target cannot hold. */
    private static final int UNFIT = 1 << 31;

    private final int[] converted = new int[1 << 16];

    HalfTable() {
        for (int bits = 0; bits < converted.length; bits++) {
            float value = BFloat16.toFloat((short) bits);
            boolean fits = name().equals("F16") ? Math.abs(value) < 65520f : Float.isFinite(value);
            short half = name().equals("F16") ? Float16.fromFloat(value) : (short) bits;
            converted[bits] = half & 0xffff | (fits ? 0 : UNFIT);
        }
    }

    static HalfTable of(DType target) {
        return target == DType.F16 ? F16 : BF16;
    }

    /**
     * Converts rows of pairs in place.
     *
     * @return whether every element fits
     */
    boolean convert(int[] block, int stride, int rows, int pairs) {
        int marks = 0;
        for (int r = 0; r < rows; r++) {
            for (int i = r * stride; i < r * stride + pairs; i++) {
                int low = converted[block[i] & 0xffff];
                int high = converted[block[i] >>> 16];
                marks |= low | high;
                block[i] = low & 0xffff | high << 16;
            }
        }
        return marks >= 0;
    }
}
