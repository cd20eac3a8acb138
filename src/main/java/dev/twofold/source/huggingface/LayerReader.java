package dev.twofold.source.huggingface;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.source.huggingface.family.AttentionStyle;
import dev.twofold.source.huggingface.family.ExpertsStyle;
import dev.twofold.source.huggingface.family.Family;
import dev.twofold.source.huggingface.family.FeedForwardStyle;
import dev.twofold.source.huggingface.family.NormStyle.Gain;
import dev.twofold.source.huggingface.family.NormStyle.NormKind;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Builds the steps of a layer. */
final class LayerReader {

    private final Family family;
    private final Settings settings;
    private final ModelShape shape;
    private final TensorSource tensors;
    private final FusedProjections fused;
    private final QueryKeyReader queryKey;
    private final double epsilon;
    private final boolean parallel;
    private final double scale;

    LayerReader(Family family, Settings settings, ModelShape shape, TensorSource tensors) {
        this.family = family;
        this.settings = settings;
        this.shape = shape;
        this.tensors = tensors;
        this.fused = new FusedProjections(shape);
        this.epsilon = settings.number(family.norm().epsilon())
                .orElseThrow(() ->
                        settings.config().missing(Settings.name(family.norm().epsilon(), "epsilon")));
        this.queryKey = new QueryKeyReader(family.attention().norms(), settings, shape, tensors, this);
        this.parallel = settings.flag(family.layer().parallel(), false);
        this.scale = settings.number(family.layer().scale()).orElse(1.0);
    }

    /** How many times a layer adds to the stream. */
    int stepsPerLayer() {
        return parallel ? 1 : 2;
    }

    List<Step> layer(String source, int layer, AttentionRule rule) {
        String prefix = tensors.prefix() + family.names().layer().replace("{layer}", String.valueOf(layer));
        Origin origin = Origin.layer(source, layer);
        AttentionStyle attention = family.attention();
        FeedForwardStyle feedForward = family.feedForward();
        Optional<Norm> read = normIfAny(prefix, attention.norm());
        Branch first =
                new Branch(read, attention(prefix, layer, rule), normIfAny(prefix, attention.resultNorm()), origin);
        Optional<Norm> readNext =
                parallel && family.layer().sharedNorm() ? read : normIfAny(prefix, feedForward.norm());
        Branch second = new Branch(readNext, secondBody(prefix), normIfAny(prefix, feedForward.resultNorm()), origin);
        return parallel ? List.of(new Step(List.of(first, second))) : List.of(Step.of(first), Step.of(second));
    }

    private Optional<Norm> normIfAny(String prefix, String name) {
        return name.isEmpty() ? Optional.empty() : Optional.of(norm(prefix + name, shape.hidden()));
    }

    /** A norm of the family's kind. */
    Norm norm(String name, long size) {
        Gain kept = family.norm().gain();
        Weight gain = kept == Gain.NONE ? Norm.unitGain(size) : gain(tensors.tensor(name + ".weight", size));
        Optional<Weight> bias =
                family.norm().bias() ? Optional.of(tensors.tensor(name + ".bias", size)) : Optional.empty();
        return new Norm(kind(), gain, bias, epsilon);
    }

    /** A norm without bias, of the family's kind and with a gain that was read already. */
    Norm norm(Weight gain) {
        return new Norm(kind(), gain(gain), Optional.empty(), epsilon);
    }

    private Weight gain(Weight stored) {
        long size = stored.shape().dim(0);
        return family.norm().gain() == Gain.ONE_PLUS ? Weights.sum(List.of(stored, Norm.unitGain(size))) : stored;
    }

    private Norm.Kind kind() {
        return family.norm().kind() == NormKind.RMS ? Norm.Kind.RMS : Norm.Kind.LAYER;
    }

    private Attention attention(String prefix, int layer, AttentionRule rule) {
        AttentionStyle style = family.attention();
        boolean bias = settings.flag(style.bias(), false);
        List<Linear> readers = style.queryKeyValue().isEmpty()
                ? List.of(
                        linear(prefix + style.query(), shape.queryRows(), shape.hidden(), bias),
                        linear(prefix + style.key(), shape.keyRows(), shape.hidden(), bias),
                        linear(prefix + style.value(), shape.keyRows(), shape.hidden(), bias))
                : fused.queryKeyValue(
                        linear(
                                prefix + style.queryKeyValue(),
                                shape.queryRows() + 2 * shape.keyRows(),
                                shape.hidden(),
                                bias),
                        style.fused());
        Linear output = linear(
                prefix + style.output(), shape.hidden(), shape.queryRows(), settings.flag(style.outputBias(), false));
        Optional<QueryKeyNorm> norms = queryKey.read(prefix);
        List<Attention.Heads> members = List.of(new Attention.Heads(layer, shape.heads(), shape.kvHeads()));
        return new Attention(readers.get(0), readers.get(1), readers.get(2), scaled(output), norms, rule, members);
    }

    private Operator secondBody(String prefix) {
        FeedForwardStyle style = family.feedForward();
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
                linear(prefix + mixture.router(), count, shape.hidden(), false),
                experts,
                settings.size(mixture.chosen()),
                settings.flag(mixture.normed(), false));
    }

    private FeedForward feedForward(String prefix, FeedForwardStyle style) {
        boolean bias = settings.flag(style.bias(), false);
        long width = shape.feedForward();
        Activation activation = activation(style);
        Linear down = scaled(linear(prefix + style.down(), shape.hidden(), width, bias));
        if (!style.gateUp().isEmpty()) {
            Linear both = linear(prefix + style.gateUp(), 2 * width, shape.hidden(), bias);
            return new FeedForward(Optional.of(both.rows(0, width)), both.rows(width, 2 * width), down, activation);
        }
        Optional<Linear> gate = style.gate().isEmpty()
                ? Optional.empty()
                : Optional.of(linear(prefix + style.gate(), width, shape.hidden(), bias));
        return new FeedForward(gate, linear(prefix + style.up(), width, shape.hidden(), bias), down, activation);
    }

    private Activation activation(FeedForwardStyle style) {
        String name = settings.word(style.activation());
        return Arrays.stream(Activation.values())
                .filter(activation -> activation.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> settings.config()
                        .wrong(Settings.name(style.activation(), "activation"), "unsupported activation")
                        .found(name)
                        .expected(Arrays.stream(Activation.values())
                                .map(Activation::toString)
                                .collect(Collectors.joining(", "))));
    }

    private Linear linear(String name, long outputs, long inputs, boolean bias) {
        return new Linear(
                tensors.matrix(name, outputs, inputs),
                bias ? Optional.of(tensors.tensor(name + ".bias", outputs)) : Optional.empty());
    }

    /** With what a branch's result is multiplied by, since the last projection is linear. */
    private Linear scaled(Linear last) {
        return new Linear(Weights.times(last.weight(), scale), last.bias().map(bias -> Weights.times(bias, scale)));
    }
}
