package dev.twofold.weight;

import static dev.twofold.weight.SmallBlocks.half;

/**
 * Blocks of 256 numbers, in parts of 16 or 32 that have scales of few bits of their own. Products and sums are those of
 * ggml's reference, in its order, in float32.
 */
final class SuperBlocks {

    static final int ELEMENTS = 256;

    private SuperBlocks() {}

    /** 16 pairs of scale and least number in 4 bits each; 2 bits a number; the scales of both. */
    static void q2k(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from + 80);
        float least = half(block, from + 82);
        for (int part = 0; part < 16; part++) {
            int both = block[from + part] & 0xff;
            float partScale = scale * (both & 15);
            float partLeast = least * (both >> 4);
            for (int i = 0; i < 16; i++) {
                int element = part * 16 + i;
                values[to + element] = partScale * twoBits(block, from + 16, element) - partLeast;
            }
        }
    }

    /** A third bit of every number, set where nothing is taken away; 2 bits a number; 16 scales of 6 bits; their scale. */
    static void q3k(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from + 108);
        for (int part = 0; part < 16; part++) {
            int low = block[from + 96 + part % 8] >> (part < 8 ? 0 : 4) & 15;
            int high = block[from + 104 + part % 4] >> part / 4 * 2 & 3;
            float partScale = scale * ((low | high << 4) - 32);
            for (int i = 0; i < 16; i++) {
                int element = part * 16 + i;
                int third = block[from + element % 32] >> element / 32 & 1;
                values[to + element] = partScale * (twoBits(block, from + 32, element) - (third == 1 ? 0 : 4));
            }
        }
    }

    /** Bits of a number where 32 bytes hold four runs of 32, one above the other. */
    private static int twoBits(byte[] block, int from, int element) {
        return block[from + element / 128 * 32 + element % 32] >> element % 128 / 32 * 2 & 3;
    }

    /** The scales of scales and least numbers; 8 of each in 6 bits; 4 bits a number. */
    static void q4k(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        float least = half(block, from + 2);
        for (int part = 0; part < 8; part++) {
            float partScale = scale * sixBits(block, from + 4, part);
            float partLeast = least * sixBitsOfLeast(block, from + 4, part);
            for (int i = 0; i < 32; i++) {
                values[to + part * 32 + i] = partScale * fourBits(block, from + 16, part, i) - partLeast;
            }
        }
    }

    /** Like {@link #q4k}, with a fifth bit of every number. */
    static void q5k(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        float least = half(block, from + 2);
        for (int part = 0; part < 8; part++) {
            float partScale = scale * sixBits(block, from + 4, part);
            float partLeast = least * sixBitsOfLeast(block, from + 4, part);
            for (int i = 0; i < 32; i++) {
                int fifth = block[from + 16 + i] >> part & 1;
                values[to + part * 32 + i] = partScale * (fourBits(block, from + 48, part, i) | fifth << 4) - partLeast;
            }
        }
    }

    private static int fourBits(byte[] block, int from, int part, int i) {
        return block[from + part / 2 * 32 + i] >> part % 2 * 4 & 15;
    }

    /** Scales 0 to 3 are in the first four bytes; the others' low bits in the last four, their high ones above those. */
    private static int sixBits(byte[] block, int from, int part) {
        return part < 4 ? block[from + part] & 63 : block[from + 4 + part] & 15 | block[from + part - 4] >> 2 & 0x30;
    }

    private static int sixBitsOfLeast(byte[] block, int from, int part) {
        return part < 4
                ? block[from + 4 + part] & 63
                : block[from + 4 + part] >> 4 & 15 | block[from + part] >> 2 & 0x30;
    }

    /** 4 low and 2 high bits of every number; 16 scales of 8 bits; their scale. */
    static void q6k(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from + 208);
        for (int part = 0; part < 16; part++) {
            float partScale = scale * block[from + 192 + part];
            for (int i = 0; i < 16; i++) {
                int element = part * 16 + i;
                int low = block[from + element / 128 * 64 + element % 64] >> element % 128 / 64 * 4 & 15;
                int high = twoBits(block, from + 128, element);
                values[to + element] = partScale * ((low | high << 4) - 32);
            }
        }
    }

    /** A scale; 8 scales of 6 bits, the high ones first; 4 bits a number, by a table. */
    static void iq4xs(byte[] block, int from, float[] values, int to) {
        float scale = half(block, from);
        int high = SmallBlocks.unsignedShort(block, from + 2);
        for (int part = 0; part < 8; part++) {
            int low = block[from + 4 + part / 2] >> part % 2 * 4 & 15;
            float partScale = scale * ((low | (high >> 2 * part & 3) << 4) - 32);
            SmallBlocks.nonLinear(partScale, block, from + 8 + part * 16, values, to + part * 32);
        }
    }
}
