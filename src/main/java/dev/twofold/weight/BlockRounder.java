package dev.twofold.weight;

import java.nio.ByteBuffer;

/** Rounds numbers to a block of some format. One is used by one thread at a time. */
interface BlockRounder {

    /**
     * @param values the numbers are from {@code from} on
     * @param block the block goes to {@code at}; little-endian
     * @return whether the block's scales are finite
     */
    boolean round(float[] values, int from, ByteBuffer block, int at);

    /** The nearest whole number, halves to the even one. */
    static int nearest(float value) {
        return (int) Math.rint(value);
    }

    static int limited(int number, int least, int most) {
        return Math.max(least, Math.min(most, number));
    }
}
