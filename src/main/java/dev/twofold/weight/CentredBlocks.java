package dev.twofold.weight;

import static dev.twofold.weight.BlockRounder.limited;
import static dev.twofold.weight.BlockRounder.nearest;

import dev.twofold.tensor.Float16;
import java.nio.ByteBuffer;

/**
 * Rounds 256 numbers to a block of Q6_K: parts of 16 with a scale of eight bits. Byte for byte as ggml's reference does
 * without an importance matrix.
 */
final class CentredBlocks implements BlockRounder {

    private static final int PARTS = 16;
    private static final int PART = 16;
    private static final int MOST = 32;

    /** Where all scales are nearer to zero than this, all numbers are zero. */
    private static final float NOTHING = 1e-15f;

    private final float[] scales = new float[PARTS];
    private final int[] numbers = new int[PARTS * PART];

    @Override
    public boolean round(float[] values, int from, ByteBuffer block, int at) {
        float extreme = 0;
        for (int part = 0; part < PARTS; part++) {
            scales[part] = CentredFit.fit(values, from + part * PART, PART, MOST, numbers, part * PART);
            if (!Float.isFinite(scales[part])) {
                // The squares of its numbers overflowed.
                return false;
            }
            if (Math.abs(scales[part]) > Math.abs(extreme)) {
                extreme = scales[part];
            }
        }
        if (Math.abs(extreme) < NOTHING) {
            for (int i = 0; i < BlockFormat.Q6_K.blockBytes(); i++) {
                block.put(at + i, (byte) 0);
            }
            return true;
        }
        float inverse = -128f / extreme;
        boolean fits = SmallBlockRounding.half(block, at + 208, 1 / inverse);
        float scale = Float16.toFloat(block.getShort(at + 208));
        for (int part = 0; part < PARTS; part++) {
            int own = Math.min(127, nearest(inverse * scales[part]));
            block.put(at + 192 + part, (byte) own);
            float partScale = scale * own;
            for (int i = part * PART; i < (part + 1) * PART && partScale != 0; i++) {
                numbers[i] = limited(nearest(values[from + i] / partScale), -MOST, MOST - 1) + MOST;
            }
        }
        pack(block, at);
        return fits;
    }

    /** Four low bits of each, and the two high ones behind them. */
    private void pack(ByteBuffer block, int at) {
        for (int half = 0; half < 2; half++) {
            int first = half * 128;
            for (int i = 0; i < 64; i++) {
                int low = numbers[first + i] & 15;
                int high = numbers[first + 64 + i] & 15;
                block.put(at + half * 64 + i, (byte) (low | high << 4));
            }
            for (int i = 0; i < 32; i++) {
                int bits = 0;
                for (int run = 0; run < 4; run++) {
                    bits |= numbers[first + run * 32 + i] >> 4 << 2 * run;
                }
                block.put(at + 128 + half * 32 + i, (byte) bits);
            }
        }
    }
}
