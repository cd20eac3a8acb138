package dev.twofold.pass;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
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

    /** From a stream to the logits of some rows of the vocabulary, {@code [batch, tokens, rows]}. */
    PlainGraph head(Norm norm, Weight rows);
}
