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

    /** From a stream, {@code [tokens, hidden]}, to what the head multiplies, of the same shape. */
    PlainGraph finalNorm(Decoder decoder);

    /**
     * From what {@link #finalNorm} gives, {@code x [tokens, hidden]}, to one value a token of each {@link LogitSum} over some rows
     * of the vocabulary. The input {@code next}, int64 {@code [tokens, 1]}, is the row of the token that followed.
     */
    PlainGraph logitSums(Decoder decoder, Linear rows);

    /** Outputs of {@link #logitSums}, in order, each {@code [tokens, 1]}. */
    enum LogitSum {
        /** Logarithm of the sum of the exponentials of the logits. */
        LOG_SUM,
        /** The logit of the token that followed. */
        NEXT,
        /** The largest logit. */
        LARGEST
    }

    /**
     * The mean of some rows of the vocabulary's table under the distribution that the head makes of {@code x}: from {@code x [tokens, hidden]}
     * and {@code logSum [tokens, 1]} over all rows to these rows' share of it, {@code [tokens, hidden]}.
     */
    PlainGraph meanRow(Decoder decoder, Linear rows);

    /**
     * How far another model's logits are below the original's, in the mean under the original's distribution: from {@code base} and
     * {@code x}, both {@code [tokens, hidden]}, and {@code logSum [tokens, 1]} of the original over all rows to these rows' share of it, {@code [tokens, 1]}.
     */
    PlainGraph meanGap(Decoder decoder, Linear rows);
}
