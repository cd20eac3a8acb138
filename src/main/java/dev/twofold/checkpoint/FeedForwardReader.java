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
    Operator read(String prefix) {
        ExpertsStyle mixture = style.experts();
        if (!mixture.isPresent()) {
            return feedForward(prefix, style);
        }
        int count = settings.size(mixture.count());
        ModelLimits.checkParts(settings.config(), Settings.name(mixture.count(), "experts"), shape.layers(), count);
        List<FeedForward> experts = IntStream.range(0, count)
                .mapToObj(expert -> feedForward(prefix, style.expert(expert)))
                .toList();
        return new Experts(
                linears.linear(prefix + mixture.router(), count, shape.hidden(), false),
                experts,
                settings.size(mixture.chosen()),
                settings.flag(mixture.normed(), false));
    }

    private FeedForward feedForward(String prefix, FeedForwardStyle own) {
        boolean bias = settings.flag(own.bias(), false);
        long width = shape.feedForward();
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
