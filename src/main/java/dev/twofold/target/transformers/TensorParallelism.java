package dev.twofold.target.transformers;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Operator;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Over how many devices torch.distributed can cut a model: each gets whole heads and equal shares of every feed-forward,
 * and a step costs one all-reduce. A model with experts, chains or sinks, or with norms over all
 * heads at once, is not cut.
 */
final class TensorParallelism {

    private TensorParallelism() {}

    /** The numbers of devices, from 1 on; nothing but 1 if it cannot be cut. */
    static List<Long> devices(Decoder decoder) {
        List<Operator> bodies = decoder.steps().stream()
                .flatMap(step -> step.branches().stream())
                .map(Branch::body)
                .toList();
        if (!bodies.stream().allMatch(TensorParallelism::divides)) {
            return List.of(1L);
        }
        long common = bodies.stream()
                .flatMap(body -> sizes(body).boxed())
                .reduce(0L, TensorParallelism::greatestCommonDivisor);
        return LongStream.rangeClosed(1, common)
                .filter(count -> common % count == 0)
                .boxed()
                .toList();
    }

    private static boolean divides(Operator body) {
        return body.kind() == Operator.Kind.FEED_FORWARD
                || body.kind() == Operator.Kind.ATTENTION
                        && body.attentions()
                                .noneMatch(attention -> attention.normsWidth()
                                        || attention.sinks().isPresent());
    }

    /** What each device gets an equal share of. */
    private static LongStream sizes(Operator body) {
        return body.kind() == Operator.Kind.FEED_FORWARD
                ? LongStream.of(body.width())
                : body.attentions()
                        .flatMap(attention -> Stream.of(attention.heads(), attention.kvHeads()))
                        .mapToLong(Integer::longValue);
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
