package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Tensor;
import dev.twofold.weight.Weights;
import java.util.stream.Stream;

/**
 * How large a decoder is.
 *
 * @param parameters elements of the tensors of the checkpoint that it uses, each tensor counted once
 * @param feedForwardSize width of the widest feed-forward, or of one expert
 */
public record DecoderSize(long parameters, long feedForwardSize) {

    public static DecoderSize of(Decoder decoder) {
        long parameters = weights(decoder)
                .flatMap(Weights::tensors)
                .distinct()
                .mapToLong((Tensor tensor) -> tensor.shape().elements())
                .sum();
        long width = decoder.branches()
                .map(Branch::body)
                .mapToLong(Operator::width)
                .max()
                .orElse(0);
        return new DecoderSize(parameters, width);
    }

    /** Every weight, with repetitions. */
    static Stream<Weight> weights(Decoder decoder) {
        Stream<Weight> ends = Stream.of(
                        decoder.embedding().weights(),
                        decoder.finalNorm().weights(),
                        decoder.head().weights())
                .flatMap(weights -> weights);
        return Stream.concat(ends, decoder.branches().flatMap(DecoderSize::weights));
    }

    private static Stream<Weight> weights(Branch branch) {
        Stream<Weight> norms =
                Stream.concat(branch.in().stream(), branch.out().stream()).flatMap(Norm::weights);
        return Stream.concat(norms, branch.body().weights());
    }
}
