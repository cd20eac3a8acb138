package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What each head has of its own among its scores.
 *
 * @param sinks a score for each head, {@code [heads]}, that takes part in the softmax as that of one more key, whose value is
 *     zero (Xiao et al., 2023; as trained numbers in gpt-oss)
 * @param ramps what a key gets at each position, {@code [heads, positions]}: a query at {@code q} adds {@code ramp[k] - ramp[q]} to its score with
 *     a key at {@code k}, which is the same to a softmax as {@code ramp[k]}, in smaller numbers; not beside sinks or a window
 */
public record HeadScores(Optional<Weight> sinks, Optional<Weight> ramps) {

    public static final HeadScores NONE = new HeadScores(Optional.empty(), Optional.empty());

    public static HeadScores ofSinks(Optional<Weight> sinks) {
        return new HeadScores(sinks, Optional.empty());
    }

    /** Of all heads of several, in order; of which all have the same, or none. */
    public static HeadScores stacked(List<HeadScores> parts) {
        return new HeadScores(stacked(parts, HeadScores::sinks), stacked(parts, HeadScores::ramps));
    }

    private static Optional<Weight> stacked(List<HeadScores> parts, Function<HeadScores, Optional<Weight>> scores) {
        List<Weight> all =
                parts.stream().flatMap(part -> scores.apply(part).stream()).toList();
        return all.isEmpty() ? Optional.empty() : Optional.of(Weights.stack(0, all));
    }

    /** Of heads {@code from} to {@code to - 1}. */
    HeadScores part(long from, long to) {
        return new HeadScores(
                sinks.map(scores -> Weights.slice(scores, 0, from, to)),
                ramps.map(scores -> Weights.slice(scores, 0, from, to)));
    }

    /** What there is of it, which attentions that become one agree in. */
    public List<Boolean> form() {
        return List.of(sinks.isPresent(), ramps.isPresent());
    }

    Stream<Weight> weights() {
        return Stream.concat(sinks.stream(), ramps.stream());
    }
}
