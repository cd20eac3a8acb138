package dev.twofold.weight;

import dev.twofold.tensor.Shape;
import dev.twofold.tensor.StorageFormat;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How numbers are stored in blocks of few bits each, with scales that a block shares. The constants' names are those of
 * ggml, whose layouts these are.
 */
public enum BlockFormat implements StorageFormat {
    Q4_0(32, 18, SmallBlocks::q40, () -> SmallBlockRounding::q40),
    Q4_1(32, 20, SmallBlocks::q41, () -> SmallBlockRounding::q41),
    Q5_0(32, 22, SmallBlocks::q50, () -> SmallBlockRounding::q50),
    Q5_1(32, 24, SmallBlocks::q51, () -> SmallBlockRounding::q51),
    Q8_0(32, 34, SmallBlocks::q80, () -> SmallBlockRounding::q80),
    IQ4_NL(32, 18, SmallBlocks::iq4nl),
    MXFP4(32, 17, SmallBlocks::mxfp4),
    Q2_K(256, 84, SuperBlocks::q2k),
    Q3_K(256, 110, SuperBlocks::q3k),
    Q4_K(256, 144, SuperBlocks::q4k, ShiftedBlocks::q4k),
    Q5_K(256, 176, SuperBlocks::q5k, ShiftedBlocks::q5k),
    Q6_K(256, 210, SuperBlocks::q6k, CentredBlocks::new),
    IQ4_XS(256, 136, SuperBlocks::iq4xs);

    private final int elements;
    private final int blockBytes;
    private final Decoder decoder;
    private final Optional<Supplier<BlockRounder>> rounders;

    BlockFormat(int elements, int blockBytes, Decoder decoder) {
        this(elements, blockBytes, decoder, Optional.empty());
    }

    BlockFormat(int elements, int blockBytes, Decoder decoder, Supplier<BlockRounder> rounders) {
        this(elements, blockBytes, decoder, Optional.of(rounders));
    }

    BlockFormat(int elements, int blockBytes, Decoder decoder, Optional<Supplier<BlockRounder>> rounders) {
        this.elements = elements;
        this.blockBytes = blockBytes;
        this.decoder = decoder;
        this.rounders = rounders;
    }

    /** Makes numbers of a block. */
    interface Decoder {

        /**
         * @param block the block is from {@code from} on
         * @param values its numbers go to {@code to} and after
         */
        void decode(byte[] block, int from, float[] values, int to);
    }

    /** Numbers in a block. */
    public int elements() {
        return elements;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Of whole blocks. */
    @Override
    public long bytes(long count) {
        return Math.multiplyExact(count / elements, blockBytes);
    }

    /** Whether the rows of a shape are whole blocks. */
    public boolean divides(Shape shape) {
        return shape.columns() % elements == 0;
    }

    /** Whether numbers can be rounded to it. */
    public boolean isWritten() {
        return rounders.isPresent();
    }

    /** What rounds numbers to it, for one thread. */
    BlockRounder rounder() {
        return rounders.map(Supplier::get)
                .orElseThrow(() -> new IllegalStateException("weights are not written as " + this));
    }

    void requireWhole(Shape shape) {
        if (!divides(shape)) {
            throw new IllegalArgumentException(shape + " has no rows of whole blocks of " + elements);
        }
    }

    void decode(byte[] block, int from, float[] values, int to) {
        decoder.decode(block, from, values, to);
    }
}
