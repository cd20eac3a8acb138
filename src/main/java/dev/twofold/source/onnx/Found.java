package dev.twofold.source.onnx;

import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A branch of the residual stream, as it is found in a graph, before it is known which layers it is of.
 *
 * @param addend what it adds to the stream
 * @param in the norm that it reads the stream through
 * @param stream what it reads
 * @param caches the inputs with the keys of the past of its attentions; none if it is no attention
 * @param body of the layers that its attentions are of, one for each cache
 * @param out the norm that its result passes through
 */
record Found(
        Value addend,
        Optional<Norm> in,
        Value stream,
        List<String> caches,
        Function<List<Integer>, Operator> body,
        Optional<Norm> out) {

    boolean isAttention() {
        return !caches.isEmpty();
    }
}
