package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Activation.ClampedSwish;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Routing;
import dev.twofold.family.ExpertsStyle;
import dev.twofold.family.FeedForwardStyle;
import dev.twofold.family.Setting;
import dev.twofold.gguf.ConfigValue;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether the architecture that a decoder was published in can hold its feed-forwards. */
record OwnFeedForward(Form form) {

    /** What has no place, if something has none. */
    Optional<String> refusal() {
        FeedForwardStyle style = form.family().feedForward();
        boolean experts = form.blocks().get(0).feedForward().body().mixture().isPresent();
        boolean gated = form.blocks().stream()
                .map(block -> block.feedForward().body())
                .filter(FeedForward.class::isInstance)
                .map(FeedForward.class::cast)
                .anyMatch(one -> one.gate().isPresent());
        boolean gate = !style.gate().isEmpty() || !style.gateUp().isEmpty();
        boolean after = form.blocks().stream()
                .anyMatch(block -> block.feedForward().out().isPresent());
        return OwnForm.when(experts != style.experts().isPresent(), "its feed-forwards are of another kind")
                .or(() -> OwnForm.when(!routesAsReadersDo(style.experts()), "its experts are chosen in another way"))
                .or(() ->
                        OwnForm.when(activations().anyMatch(one -> !isTaken(one, style)), "its activation is another"))
                .or(() -> OwnForm.when(
                        !experts && gated != gate, "its feed-forwards have " + (gated ? "a gate" : "no gate")))
                .or(() -> OwnForm.when(after && style.resultNorm().isEmpty(), "what feed-forwards add is normalized"));
    }

    private boolean routesAsReadersDo(ExpertsStyle style) {
        Routing.Score score =
                style.score() == ExpertsStyle.Score.SIGMOID ? Routing.Score.SIGMOID : Routing.Score.SOFTMAX;
        boolean normed = taken(style.normed()).asBoolean(false);
        return form.blocks().stream()
                .flatMap(block -> block.feedForward().body().mixture().stream())
                .map(Experts::routing)
                .allMatch(routing -> routing.score() == score
                        && routing.normed() == normed
                        && routing.near().isEmpty()
                        && routing.groups().isEmpty()
                        && routing.correction().isPresent()
                                == !style.correction().isEmpty());
    }

    private Stream<Activation> activations() {
        return form.blocks().stream()
                .map(block -> block.feedForward().body())
                .flatMap(body -> body instanceof FeedForward dense
                        ? Stream.of(dense)
                        : body.mixture().stream().flatMap(mixture -> mixture.experts().stream()))
                .map(FeedForward::activation);
    }

    /** Whether it is the one that every file of the architecture is taken to have. */
    private boolean isTaken(Activation one, FeedForwardStyle style) {
        String word = taken(style.activation()).asText();
        if (one instanceof ClampedSwish swish
                && (swish.steepness() != taken(style.steepness()).asDouble()
                        || swish.limit() != taken(style.limit()).asDouble())) {
            return false;
        }
        return one.toString().equals(style.activation().values().getOrDefault(word, word));
    }

    /** What every file of the architecture is taken to say. */
    private JsonNode taken(Setting setting) {
        return Optional.ofNullable(form.architecture().config().get(setting.key()))
                .map(ConfigValue::constant)
                .filter(constant -> !constant.isMissingNode())
                .orElse(setting.otherwise());
    }
}
