package dev.twofold.execution;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.weight.Weight;
import java.util.List;

/**
 * Runs a decoder plainly in float32, one step at a time over all windows, so that memory holds the weights of one step
 * and the streams, whatever the model's size. The reference that emitted graphs are compared with, and what analyses
 * measure with.
 */
public interface DecoderEngine extends AutoCloseable {

    /** The stream before the first step: the embeddings of the tokens of each window. */
    HiddenStates embed(Decoder decoder, List<int[]> windows);

    /** The stream after a step. Each window starts at position 0. */
    HiddenStates apply(Decoder decoder, Step step, HiddenStates before);

    /**
     * The same, and how large numbers become on the way.
     *
     * @param branches of each branch, the largest magnitude of anything that it rounds to the type it computes in, over all
     *     windows
     */
    record Peaks(HiddenStates after, List<Float> branches) {

        public Peaks {
            branches = List.copyOf(branches);
        }
    }

    /** Applies a step, and looks at every number on the way. */
    Peaks peaks(Decoder decoder, Step step, HiddenStates before);

    /**
     * What the last projection of a branch reads: the heads' mixed values of an attention, the gated activations of a
     * feed-forward; {@code [tokens, columns of the projection]}.
     */
    HiddenStates inner(Decoder decoder, Branch branch, HiddenStates before);

    /** What the routers of a step choose, one router after the other; {@code [tokens, chosen of all]}. */
    HiddenStates choices(Decoder decoder, Step step, HiddenStates before);

    /**
     * Adds {@code left^T right} over all tokens to {@code sum}: products of some thousand tokens in float32, and their sums in
     * float64. Both are held once more meanwhile.
     *
     * @param sum {@code [left's width, right's width]} row-major
     */
    void addProduct(HiddenStates left, HiddenStates right, double[] sum);

    /**
     * {@code left right} in float64.
     *
     * @param left {@code [rows, inner]} row-major
     * @param right {@code [inner, columns]} row-major
     */
    double[] multiply(double[] left, double[] right, int inner);

    /** The values of a weight, row-major. */
    float[] read(Weight weight);

    /** Opens the head of a decoder. */
    Head head(Decoder decoder);

    /** Room for streams outside the heap. */
    StreamArchive archive();

    /** The final norm and the projection to the vocabulary. */
    interface Head extends AutoCloseable {

        /** The logits of one window, {@code [tokens, vocabulary]} row-major. */
        float[] logits(HiddenStates states, int window);

        /**
         * Sets other models beside the original.
         *
         * @param base the original's stream after its last step
         */
        Scorer beside(HiddenStates base, TextWindows text);

        /** How well models predict a text whose tokens the original predicted first. Closed with the head. */
        interface Scorer {

            /** The original's own. */
            Score base();

            /** @param model a model's stream after its last step */
            Score score(HiddenStates model);
        }

        @Override
        void close();
    }

    @Override
    void close();
}
