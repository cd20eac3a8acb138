package dev.twofold.execution;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.weight.Weight;
import java.util.List;

/**
 * Lowers parts of a decoder to plain float32 ONNX models: unfused, unfolded, in the smallest operators, from {@code x}
 * to {@code y}. Their weights are inputs, so parts of one structure share a model and differ in what they are fed.
 */
public interface PlainGraphs {

    /** A float32 input of a plain model besides {@code x}. */
    record Feed(String name, Weight weight) {}

    /** A serialized ONNX model and its feeds. */
    record PlainGraph(byte[] model, List<Feed> feeds) {}

    /** {@code x} and {@code y} are streams, {@code [batch, tokens, hidden]}; positions count from 0. */
    PlainGraph step(Decoder decoder, Step step, int tokens);

    /**
     * The same step, and a second output {@code [branches]}: the largest magnitude of anything that a branch rounds to the
     * type it computes in, the stream with its result in it included.
     */
    PlainGraph peaks(Decoder decoder, Step step, int tokens);

    /** From a stream to what the last projection of a branch reads, {@code [batch, tokens, columns]}. */
    PlainGraph inner(Decoder decoder, Branch branch, int tokens);

    /** From a stream to what the routers of a step choose, one router after the other, {@code [batch, tokens, chosen]}. */
    PlainGraph choices(Decoder decoder, Step step, int tokens);

    /** From {@code x [n, k]} and {@code base [n, m]} to {@code x^T base}, {@code [k, m]}. */
    PlainGraph product();

    /** From float64 {@code x [n, k]} and {@code base [k, m]} to {@code x base}, float64 {@code [n, m]}. */
    PlainGraph multiplication();

    /** From a stream to the logits of some rows of the vocabulary, {@code [batch, tokens, rows]}. */
    PlainGraph head(Decoder decoder, Linear rows);

    /**
     * From a stream {@code x} and the original's, {@code base}, both {@code [tokens, hidden]}, to what their
     * distributions over some rows of the vocabulary come to: one value a token of each {@link Comparison}. The input
     * {@code next}, int64 {@code [tokens, 1]}, is the row of the token that followed.
     */
    PlainGraph comparison(Decoder decoder, Linear rows);

    /** Outputs of a {@link #comparison}, in order, each {@code [tokens, 1]}. */
    enum Comparison {
        /** Logarithm of the sum of the exponentials of the original's logits. */
        BASE_LOG_SUM,
        /** The same of the model's. */
        LOG_SUM,
        /** Mean, under the original's distribution over these rows, of its logit less the model's. */
        MEAN_GAP,
        /** The model's logit of the token that followed. */
        NEXT,
        /** The model's largest logit. */
        LARGEST
    }
}
