package dev.twofold.pass;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import java.util.List;

/**
 * Runs a decoder plainly in float32, one step at a time over all windows, so that memory holds the weights of one step
 * and the streams, whatever the model's size. The reference that emitted graphs are compared with.
 */
public interface DecoderEngine extends AutoCloseable {

    /** The stream before the first step: the embeddings of the tokens of each window. */
    HiddenStates embed(Decoder decoder, List<int[]> windows);

    /** The stream after a step. Each window starts at position 0. */
    HiddenStates apply(Decoder decoder, Step step, HiddenStates before);

    /** Opens the head of a decoder. */
    Head head(Decoder decoder);

    /** The final norm and the projection to the vocabulary. */
    interface Head extends AutoCloseable {

        /** The logits of one window, {@code [tokens, vocabulary]} row-major. */
        float[] logits(HiddenStates states, int window);

        @Override
        void close();
    }

    @Override
    void close();
}
