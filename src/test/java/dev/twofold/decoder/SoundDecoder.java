package dev.twofold.decoder;

import dev.twofold.decoder.Attention.Heads;
import dev.twofold.diag.Origin;
import dev.twofold.tensor.Precision;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Described;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A decoder of two layers with everything that is checked: hidden size 8, vocabulary 10, context 16, four heads of size 4
 * with two KV heads, a feed-forward of width 12, three experts of width 6. Its tensors are named after layer and part.
 */
final class SoundDecoder {

    static final int HIDDEN = 8;
    private static final int VOCABULARY = 10;
    private static final int CONTEXT = 16;
    static final int HEAD = 4;
    private static final int WIDTH = 12;
    private static final int EXPERT = 6;

    static final AttentionRule RULE = new AttentionRule(
            HEAD, Optional.empty(), 0.5, Optional.empty(), Optional.empty(), Optional.of(rotary(HEAD)));

    private SoundDecoder() {}

    /** The sound decoder, some of whose tensors have other shapes. */
    static Decoder decoder(Map<String, Shape> changed) {
        ModelFacts facts = new ModelFacts(
                "tiny", "decoder", "tiny", 2, 2, HIDDEN, VOCABULARY, CONTEXT, CONTEXT, List.of(), List.of());
        Weight positions = weight(changed, "positions", CONTEXT, HIDDEN);
        Norm in = new Norm(
                Norm.Kind.LAYER,
                weight(changed, "0.in", HIDDEN),
                Optional.of(weight(changed, "0.in.bias", HIDDEN)),
                1e-5);
        FeedForward feedForward = new FeedForward(
                Optional.of(biased(changed, "0.gate", WIDTH, HIDDEN)),
                biased(changed, "0.up", WIDTH, HIDDEN),
                biased(changed, "0.down", HIDDEN, WIDTH),
                Activation.Plain.SILU);
        Attention first = new Attention(
                biased(changed, "0.q", 4 * HEAD, HIDDEN),
                biased(changed, "0.k", 2 * HEAD, HIDDEN),
                biased(changed, "0.v", 2 * HEAD, HIDDEN),
                biased(changed, "0.o", HIDDEN, 4 * HEAD),
                Optional.of(new QueryKeyNorm(
                        QueryKeyNorm.Span.HEAD,
                        false,
                        Norm.rms(weight(changed, "0.q.norm", 4 * HEAD), 1e-5),
                        Norm.rms(weight(changed, "0.k.norm", 2 * HEAD), 1e-5))),
                HeadScores.NONE,
                RULE,
                List.of(new Heads(0, 4, 2)));
        Experts experts =
                new Experts(linear(changed, "1.router", 3, HIDDEN), experts(changed), Routing.softmax(2, true));
        return new Decoder(
                facts,
                new Embedding(weight(changed, "embed", VOCABULARY, HIDDEN), 1, Optional.of(positions)),
                List.of(
                        Step.of(new Branch(Optional.of(in), first, Optional.of(norm(changed, "0.out")), layer(0))),
                        Step.of(Branch.reading(norm(changed, "0.middle"), feedForward, layer(0))),
                        Step.of(Branch.reading(norm(changed, "1.in"), attention(1), layer(1))),
                        Step.of(Branch.reading(norm(changed, "1.middle"), experts, layer(1)))),
                norm(changed, "norm"),
                linear(changed, "head", VOCABULARY, HIDDEN),
                Optional.empty(),
                Precision.FP32);
    }

    /** The first layer of the sound decoder, then one branch. */
    static Decoder with(Branch second) {
        Decoder sound = decoder(Map.of());
        return sound.withSteps(Stream.concat(sound.steps().stream().limit(2), Stream.of(Step.of(second)))
                .toList());
    }

    static Decoder with(Operator body) {
        return with(Branch.reading(norm("1.in"), body, layer(1)));
    }

    static Branch chained(Chain chain, Optional<Norm> norm) {
        return new Branch(norm, chain, Optional.empty(), layer(1));
    }

    static Attention attention(int layer) {
        return attention(RULE, new Heads(layer, 4, 2));
    }

    static Attention attention(AttentionRule rule, Heads heads) {
        return new Attention(
                linear("q", 4 * HEAD, HIDDEN),
                linear("k", 2 * HEAD, HIDDEN),
                linear("v", 2 * HEAD, HIDDEN),
                linear("o", HIDDEN, 4 * HEAD),
                Optional.empty(),
                HeadScores.NONE,
                rule,
                List.of(heads));
    }

    static AttentionRule ruled(int headSize, Optional<Rotary> rotary) {
        return new AttentionRule(headSize, Optional.empty(), 0.5, Optional.empty(), Optional.empty(), rotary);
    }

    static Rotary rotary(int width) {
        return new Rotary(10_000, width, false, new Rotary.Unscaled(), CONTEXT);
    }

    static List<FeedForward> experts(Map<String, Shape> changed) {
        return IntStream.range(0, 3).mapToObj(i -> expert(changed, i)).toList();
    }

    static FeedForward expert(Map<String, Shape> changed, int number) {
        String name = "1.expert" + number;
        return new FeedForward(
                Optional.of(linear(changed, name + ".gate", EXPERT, HIDDEN)),
                linear(changed, name + ".up", EXPERT, HIDDEN),
                linear(changed, name + ".down", HIDDEN, EXPERT),
                Activation.Plain.SILU);
    }

    static Origin layer(int layer) {
        return Origin.layer("tiny", layer);
    }

    static Norm norm(String name) {
        return norm(Map.of(), name);
    }

    static Norm norm(Map<String, Shape> changed, String name) {
        return Norm.rms(weight(changed, name, HIDDEN), 1e-5);
    }

    static Linear linear(String name, long outputs, long inputs) {
        return linear(Map.of(), name, outputs, inputs);
    }

    private static Linear linear(Map<String, Shape> changed, String name, long outputs, long inputs) {
        return Linear.withoutBias(weight(changed, name, outputs, inputs));
    }

    static Linear biased(String name, long outputs, long inputs) {
        return biased(Map.of(), name, outputs, inputs);
    }

    private static Linear biased(Map<String, Shape> changed, String name, long outputs, long inputs) {
        return new Linear(
                weight(changed, name, outputs, inputs), Optional.of(weight(changed, name + ".bias", outputs)));
    }

    private static Weight weight(Map<String, Shape> changed, String name, long... sound) {
        return new Described(name, changed.getOrDefault(name, Shape.of(sound)));
    }
}
