package dev.twofold.weight;

import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;

/** Converts unscaled bf16 to 16 bits by looking up each of the 65536 possible elements. */
enum HalfTable {
    F16(Float16::fromFloat, Float16::toFloat),
    BF16(BFloat16::fromFloat, BFloat16::toFloat);

    /** Marks an element that the target cannot hold. */
    private static final int UNFIT = 1 << 31;

    private interface Rounding {
        short round(float value);
    }

    private interface Widening {
        float widen(short bits);
    }

    private final int[] converted = new int[1 << 16];

    HalfTable(Rounding target, Widening back) {
        for (int bits = 0; bits < converted.length; bits++) {
            short half = target.round(BFloat16.toFloat((short) bits));
            converted[bits] = half & 0xffff | (Float.isFinite(back.widen(half)) ? 0 : UNFIT);
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
