package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.List;
import java.util.stream.Stream;

/**
 * How large a decoder is.
 *
 * @param parameters weights of all kinds, tied ones once
 * @param feedForwardSize width of the widest feed-forward
 */
public record DecoderSize(long parameters, long feedForwardSize) {

    public static DecoderSize of(Decoder decoder) {
        Stream<Weight> outside = decoder.tied()
                ? Stream.of(decoder.embedding(), decoder.finalNorm().gain())
                : Stream.concat(
                        Stream.of(decoder.embedding(), decoder.finalNorm().gain()), weights(decoder.head()));
        long parameters = Stream.concat(outside, branches(decoder.steps()).flatMap(DecoderSize::weights))
                .mapToLong(weight -> weight.shape().elements())
                .sum();
        long width = branches(decoder.steps())
                .map(Branch::body)
                .filter(FeedForward.class::isInstance)
                .mapToLong(body -> ((FeedForward) body).up().weight().shape().dim(0))
                .max()
                .orElse(0);
        return new DecoderSize(parameters, width);
    }

    /** Every branch, those inside chains in place of the chain. */
    private static Stream<Branch> branches(List<Step> steps) {
        return steps.stream()
                .flatMap(step -> step.branches().stream())
                .flatMap(branch -> branch.body() instanceof Chain chain ? branches(chain.steps()) : Stream.of(branch));
    }

    private static Stream<Weight> weights(Branch branch) {
        Stream<Weight> gains = branch.in().stream().map(Norm::gain);
        if (branch.body() instanceof Attention attention) {
            return Stream.concat(
                    gains,
                    Stream.of(attention.query(), attention.key(), attention.value(), attention.output())
                            .flatMap(DecoderSize::weights));
        } else if (branch.body() instanceof FeedForward feedForward) {
            return Stream.concat(
                    gains,
                    Stream.of(feedForward.gate(), feedForward.up(), feedForward.down())
                            .flatMap(DecoderSize::weights));
        }
        return gains;
    }

    private static Stream<Weight> weights(Linear linear) {
        return Stream.concat(Stream.of(linear.weight()), linear.bias().stream());
    }
}
