package dev.twofold.checkpoint;

import dev.twofold.decoder.Alibi;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.family.AlibiStyle;
import dev.twofold.family.AttentionStyle;
import dev.twofold.family.Family;
import dev.twofold.family.FeedForwardStyle;
import dev.twofold.weight.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Builds the steps of a layer. */
final class LayerReader {

    private final Family family;
    private final Settings settings;
    private final ModelShape shape;
    private final TensorSource tensors;
    private final LinearReader linears;
    private final NormReader norms;
    private final FeedForwardReader feedForwards;
    private final FusedProjections fused;
    private final QueryKeyReader queryKey;
    private final boolean parallel;

    LayerReader(Family family, Settings settings, ModelShape shape, TensorSource tensors) {
        this.family = family;
        this.settings = settings;
        this.shape = shape;
        this.tensors = tensors;
        this.fused = new FusedProjections(shape);
        this.norms = new NormReader(family.norm(), settings, tensors);
        this.queryKey = new QueryKeyReader(family.attention().norms(), settings, shape, tensors, norms);
        this.parallel = settings.flag(family.layer().parallel(), false);
        this.linears = new LinearReader(
                tensors, settings.number(family.layer().scale()).orElse(1.0));
        this.feedForwards = new FeedForwardReader(family.feedForward(), settings, shape, linears);
    }

    /** How many times a layer adds to the stream. */
    int stepsPerLayer() {
        return parallel ? 1 : 2;
    }

    List<Step> layer(String source, int layer, AttentionRule rule) {
        String prefix = prefix(layer);
        Origin origin = Origin.layer(source, layer);
        AttentionStyle attention = family.attention();
        FeedForwardStyle feedForward = family.feedForward();
        Optional<Norm> read = normIfAny(prefix, attention.norm());
        Branch first =
                new Branch(read, attention(prefix, layer, rule), normIfAny(prefix, attention.resultNorm()), origin);
        Optional<Norm> readNext =
                parallel && family.layer().sharedNorm() ? read : normIfAny(prefix, feedForward.norm());
        List<Operator> bodies = feedForwards.read(prefix, layer);
        Optional<Norm> result = normIfAny(prefix, feedForward.resultNorm());
        if (bodies.size() > 1 && result.isPresent()) {
            throw new IllegalStateException("a norm of the result of experts and of one that every token gets");
        }
        List<Branch> second = bodies.stream()
                .map(body -> new Branch(readNext, body, result, origin))
                .toList();
        return parallel
                ? List.of(new Step(
                        Stream.concat(Stream.of(first), second.stream()).toList()))
                : List.of(Step.of(first), new Step(second));
    }

    /** What the names of a layer's tensors begin with. */
    String prefix(int layer) {
        return tensors.prefix() + family.names().layer().replace("{layer}", String.valueOf(layer));
    }

    private Optional<Norm> normIfAny(String prefix, String name) {
        return name.isEmpty() ? Optional.empty() : Optional.of(norms.norm(prefix + name, shape.hidden()));
    }

    /** A norm of the stream, outside the layers. */
    Norm norm(String name) {
        return norms.norm(name, shape.hidden());
    }

    private Attention attention(String prefix, int layer, AttentionRule rule) {
        AttentionStyle style = family.attention();
        boolean bias = settings.flag(style.bias(), false);
        List<Attention.Heads> members = List.of(new Attention.Heads(layer, shape.heads(), shape.kvHeads()));
        if (style.latent().isPresent()) {
            LatentReader.Parts parts = new LatentReader(style, settings, shape, tensors).read(prefix, linears);
            return new Attention(
                    parts.latents(),
                    parts.query(),
                    parts.key(),
                    parts.value(),
                    parts.output(),
                    Optional.empty(),
                    HeadScores.NONE,
                    rule,
                    members);
        }
        List<Linear> readers = style.queryKeyValue().isEmpty()
                ? List.of(
                        halves(linears.linear(prefix + style.query(), shape.queryRows(), shape.hidden(), bias)),
                        halves(linears.linear(prefix + style.key(), shape.keyRows(), shape.hidden(), bias)),
                        linears.linear(prefix + style.value(), shape.keyRows(), shape.hidden(), bias))
                : fused.queryKeyValue(
                        linears.linear(
                                prefix + style.queryKeyValue(),
                                shape.queryRows() + 2 * shape.keyRows(),
                                shape.hidden(),
                                bias),
                        style.fused());
        Linear output = linears.last(
                prefix + style.output(), shape.hidden(), shape.queryRows(), settings.flag(style.outputBias(), false));
        Optional<QueryKeyNorm> both = queryKey.read(prefix, rule.rotary().isPresent());
        return new Attention(
                readers.get(0), readers.get(1), readers.get(2), output, both, scores(prefix, rule), rule, members);
    }

    private HeadScores scores(String prefix, AttentionRule rule) {
        AttentionStyle style = family.attention();
        Optional<Weight> sinks = style.sinks().isEmpty()
                ? Optional.empty()
                : Optional.of(tensors.tensor(prefix + style.sinks(), shape.heads()));
        return new HeadScores(sinks, ramps(style.alibi(), rule));
    }

    private Optional<Weight> ramps(AlibiStyle style, AttentionRule rule) {
        if (!style.isPresent()) {
            return Optional.empty();
        }
        double factor = style.scaled() ? rule.scale() : 1;
        return Optional.of(
                new Alibi(shape.heads(), shape.context(), style.exponent(), factor, style.rounded()).ramps());
    }

    /** A projection with the halves of each head one after the other. */
    private Linear halves(Linear projection) {
        return family.attention().woven() ? projection.woven(shape.headSize() / 2, 2) : projection;
    }
}
