package dev.twofold.checkpoint;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.family.ExpertsStyle;
import dev.twofold.family.FeedForwardStyle;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Reads what comes after a layer's attention: a feed-forward, or a mixture of experts. */
record FeedForwardReader(FeedForwardStyle style, Settings settings, ModelShape shape, LinearReader linears) {

    /** @param prefix of the layer's tensors */
    Operator read(String prefix, int layer) {
        ExpertsStyle mixture = style.experts();
        if (!mixture.isPresent()) {
            return feedForward(prefix, style, shape.feedForward());
        }
        if (mixture.dense().isPresent()) {
            int width = settings.size(mixture.dense().width());
            if (isDense(mixture, layer)) {
                return feedForward(prefix, style.dense(), width);
            }
        }
        int count = settings.size(mixture.count());
        ModelLimits.checkParts(settings.config(), Settings.name(mixture.count(), "experts"), shape.layers(), count);
        List<FeedForward> experts = isFused(prefix, mixture)
                ? fused(prefix, mixture, count)
                : IntStream.range(0, count)
                        .mapToObj(expert -> feedForward(prefix, style.expert(expert), shape.feedForward()))
                        .toList();
        return new Experts(
                linears.linear(prefix + mixture.router(), count, shape.hidden(), false),
                experts,
                settings.size(mixture.chosen()),
                settings.flag(mixture.normed(), false));
    }

    /** Releases of transformers differ in whether they store experts one by one. */
    private boolean isFused(String prefix, ExpertsStyle mixture) {
        boolean never = mixture.down().isEmpty();
        boolean always = !style.down().contains(FeedForwardStyle.EXPERT);
        return !never && (always || linears.has(prefix + mixture.down()) || linears.has(prefix + mixture.gateUp()));
    }

    private boolean isDense(ExpertsStyle mixture, int layer) {
        boolean skipped = settings.sizeIfAny(mixture.every())
                .filter(every -> (layer + 1) % every != 0)
                .isPresent();
        String listed = mixture.dense().listed();
        return skipped || !listed.isEmpty() && settings.config().numbers(listed).contains((double) layer);
    }

    /** All experts in two tensors. */
    private List<FeedForward> fused(String prefix, ExpertsStyle mixture, int count) {
        long width = shape.feedForward();
        Activation activation = activation(style);
        List<Linear> both = linears.slices(prefix + mixture.gateUp(), count, 2 * width, shape.hidden());
        List<Linear> down = linears.lastSlices(prefix + mixture.down(), count, shape.hidden(), width);
        return IntStream.range(0, count)
                .mapToObj(expert -> {
                    Linear own = both.get(expert);
                    Optional<Linear> gate = Optional.of(own.rows(0, width));
                    return new FeedForward(gate, own.rows(width, 2 * width), down.get(expert), activation);
                })
                .toList();
    }

    private FeedForward feedForward(String prefix, FeedForwardStyle own, long width) {
        boolean bias = settings.flag(own.bias(), false);
        Activation activation = activation(own);
        Linear down = linears.last(prefix + own.down(), shape.hidden(), width, bias);
        if (!own.gateUp().isEmpty()) {
            Linear both = linears.linear(prefix + own.gateUp(), 2 * width, shape.hidden(), bias);
            return new FeedForward(Optional.of(both.rows(0, width)), both.rows(width, 2 * width), down, activation);
        }
        Optional<Linear> gate = own.gate().isEmpty()
                ? Optional.empty()
                : Optional.of(linears.linear(prefix + own.gate(), width, shape.hidden(), bias));
        return new FeedForward(gate, linears.linear(prefix + own.up(), width, shape.hidden(), bias), down, activation);
    }

    private Activation activation(FeedForwardStyle own) {
        String name = settings.word(own.activation());
        return Arrays.stream(Activation.values())
                .filter(activation -> activation.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> settings.config()
                        .wrong(Settings.name(own.activation(), "activation"), "unsupported activation")
                        .found(name)
                        .expected(Arrays.stream(Activation.values())
                                .map(Activation::toString)
                                .collect(Collectors.joining(", "))));
    }
}
