package dev.twofold.weight;

import static dev.twofold.weight.BlockRounder.limited;
import static dev.twofold.weight.BlockRounder.nearest;

import dev.twofold.tensor.Float16;
import java.nio.ByteBuffer;

/**
 * Rounds 256 numbers to a block of Q4_K or Q5_K: parts of 32 with a scale and a least number of six bits each. Byte for byte
 * as ggml's reference does without an importance matrix: the same sums in float32, in the same order.
 */
final class ShiftedBlocks implements BlockRounder {

    private static final int PARTS = 8;
    private static final int PART = 32;
    private static final int SIX_BITS = 63;

    private final ShiftedFit fit;
    private final boolean fifth;
    private final float[] scales = new float[PARTS];
    private final float[] leasts = new float[PARTS];
    private final int[] scaleBits = new int[PARTS];
    private final int[] leastBits = new int[PARTS];
    private final int[] numbers = new int[PARTS * PART];

    private ShiftedBlocks(ShiftedFit fit, boolean fifth) {
        this.fit = fit;
        this.fifth = fifth;
    }

    static ShiftedBlocks q4k() {
        return new ShiftedBlocks(new ShiftedFit(15, -1f, 20), false);
    }

    static ShiftedBlocks q5k() {
        return new ShiftedBlocks(new ShiftedFit(31, -0.5f, 15), true);
    }

    @Override
    public boolean round(float[] values, int from, ByteBuffer block, int at) {
        for (int part = 0; part < PARTS; part++) {
            fit.fit(values, from + part * PART, numbers, part * PART);
            scales[part] = fit.scale();
            leasts[part] = -fit.least();
        }
        float largestScale = sixBits(scales, scaleBits);
        float largestLeast = sixBits(leasts, leastBits);
        boolean fits = SmallBlockRounding.half(block, at, largestScale / SIX_BITS)
                & SmallBlockRounding.half(block, at + 2, largestLeast / SIX_BITS);
        float scale = Float16.toFloat(block.getShort(at));
        float least = Float16.toFloat(block.getShort(at + 2));
        for (int part = 0; part < PARTS; part++) {
            float partScale = scale * scaleBits[part];
            float partLeast = least * leastBits[part];
            for (int i = part * PART; i < (part + 1) * PART && partScale != 0; i++) {
                numbers[i] = limited(nearest((values[from + i] + partLeast) / partScale), 0, fit.most());
            }
        }
        packScales(block, at + 4);
        packNumbers(block, at + 16);
        return fits;
    }

    /** Values as parts of the largest, which is returned. */
    private static float sixBits(float[] values, int[] bits) {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, value);
        }
        float inverse = largest > 0 ? SIX_BITS / largest : 0;
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Math.min(SIX_BITS, nearest(inverse * values[i]));
        }
        return largest;
    }

    /** Four of each whole in a byte, whose two high bits belong to the others; the low bits of those in the last bytes. */
    private void packScales(ByteBuffer block, int at) {
        for (int i = 0; i < PARTS / 2; i++) {
            int scale = scaleBits[i + 4];
            int least = leastBits[i + 4];
            block.put(at + i, (byte) (scaleBits[i] | scale >> 4 << 6));
            block.put(at + 4 + i, (byte) (leastBits[i] | least >> 4 << 6));
            block.put(at + 8 + i, (byte) (scale & 15 | (least & 15) << 4));
        }
    }

    private void packNumbers(ByteBuffer block, int at) {
        for (int i = 0; fifth && i < PART; i++) {
            int bits = 0;
            for (int part = 0; part < PARTS; part++) {
                bits |= numbers[part * PART + i] >> 4 << part;
            }
            block.put(at + i, (byte) bits);
        }
        int fours = fifth ? at + PART : at;
        for (int pair = 0; pair < PARTS / 2; pair++) {
            for (int i = 0; i < PART; i++) {
                int low = numbers[2 * pair * PART + i] & 15;
                int high = numbers[(2 * pair + 1) * PART + i] & 15;
                block.put(fours + pair * PART + i, (byte) (low | high << 4));
            }
        }
    }
}
