package dev.twofold.decoder;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks that a decoder is one that can be lowered: every shape follows from the hidden size and the heads, every layer
 * has its own KV cache, and chains have no norms. Run on what a reader made and after every pass.
 */
public final class DecoderVerifier {

    private final Decoder decoder;
    private final long hidden;
    private final Set<Integer> caches = new HashSet<>();

    private DecoderVerifier(Decoder decoder) {
        this.decoder = decoder;
        this.hidden = decoder.facts().hiddenSize();
    }

    /**
     * @throws TwofoldException of kind INPUT that names the layer, the weight, its tensor and the two shapes
     */
    public static void verify(Decoder decoder) {
        new DecoderVerifier(decoder).verify();
    }

    private void verify() {
        Origin model = new Origin(decoder.facts().source(), List.of(), "");
        Shape table = Shape.of(decoder.vocabularyRows(), hidden);
        requireShape(model, "embedding", decoder.embedding().table(), table);
        decoder.embedding()
                .positions()
                .ifPresent(positions -> requireShape(
                        model, "positions", positions, Shape.of(decoder.facts().contextLength(), hidden)));
        decoder.embedding().norm().ifPresent(norm -> requireNorm(model, "norm of the embedding", norm, hidden));
        requireNorm(model, "final norm", decoder.finalNorm(), hidden);
        requireLinear(model, "head", decoder.head(), decoder.vocabularyRows(), hidden);
        decoder.steps().forEach(this::verify);
    }

    private void verify(Step step) {
        if (step.branches().isEmpty()) {
            throw new IllegalStateException("a step without branches");
        }
        step.branches().forEach(this::verify);
    }

    private void verify(Branch branch) {
        Origin origin = branch.origin();
        boolean ofItsOwn = branch.in().isPresent() || branch.out().isPresent();
        if (!branch.body().steps().isEmpty() && ofItsOwn) {
            throw new IllegalStateException("a chain has no norm of its own: " + origin);
        }
        branch.in().ifPresent(norm -> requireNorm(origin, "norm", norm, hidden));
        branch.out().ifPresent(norm -> requireNorm(origin, "norm of the result", norm, hidden));
        branch.body().match(new Checks(origin)).run();
    }

    /** What to check of each kind of operator. */
    private final class Checks implements Operator.Cases<Runnable> {

        private final Origin origin;

        Checks(Origin origin) {
            this.origin = origin;
        }

        @Override
        public Runnable attention(Attention attention) {
            return () -> verify(origin, attention);
        }

        @Override
        public Runnable feedForward(FeedForward feedForward) {
            return () -> verify(origin, feedForward);
        }

        @Override
        public Runnable experts(Experts experts) {
            return () -> verify(origin, experts);
        }

        @Override
        public Runnable chain(Chain chain) {
            return () -> chain.steps().forEach(DecoderVerifier.this::verify);
        }
    }

    private void verify(Origin origin, Attention attention) {
        long size = attention.headSize();
        require(origin, "head size", size, size > 0, "a positive number");
        attention.rule().rotary().ifPresent(rotary -> {
            boolean inside = rotary.width() > 0 && rotary.width() <= size && rotary.width() % 2 == 0;
            require(origin, "rotary width", rotary.width(), inside, "an even number up to " + size);
        });
        for (Attention.Heads member : attention.members()) {
            boolean divides = member.kvHeads() > 0 && member.heads() % member.kvHeads() == 0;
            require(
                    origin,
                    "attention heads",
                    member.heads(),
                    divides,
                    "a multiple of " + member.kvHeads() + " KV heads");
            require(origin, "KV cache", member.layer(), caches.add(member.layer()), "a layer not used before");
        }
        Latents latents = attention.latents();
        latents.all().forEach(latent -> verify(origin, latent));
        long made = latents.queries().map(Latent::width).orElse(hidden);
        long shared = latents.keysAndValues().map(Latent::width).orElse(hidden);
        requireLinear(origin, "query projection", attention.query(), (long) attention.heads() * size, made);
        requireLinear(origin, "key projection", attention.key(), (long) attention.kvHeads() * size, shared);
        requireLinear(origin, "value projection", attention.value(), (long) attention.kvHeads() * size, shared);
        requireLinear(origin, "output projection", attention.output(), hidden, (long) attention.heads() * size);
        attention.norms().ifPresent(norms -> {
            requireNorm(origin, "query norm", norms.query(), (long) attention.heads() * size);
            requireNorm(origin, "key norm", norms.key(), (long) attention.kvHeads() * size);
        });
        attention.sinks().ifPresent(sinks -> requireShape(origin, "sinks", sinks, Shape.of(attention.heads())));
        Shape ramps = Shape.of(attention.heads(), decoder.facts().contextLength());
        attention.ramps().ifPresent(own -> requireShape(origin, "biases of scores", own, ramps));
        boolean alone = attention.sinks().isEmpty() && attention.rule().window().isEmpty();
        require(
                origin,
                "attention with biases of scores",
                "sinks or a window beside them",
                attention.ramps().isEmpty() || alone,
                "neither");
    }

    private void verify(Origin origin, Latent latent) {
        requireLinear(origin, "projection to a latent", latent.down(), latent.width(), hidden);
        requireNorm(origin, "norm of a latent", latent.norm(), latent.normed());
        boolean inside = latent.normed() > 0 && latent.normed() <= latent.width();
        require(origin, "norm of a latent", latent.normed(), inside, "1 to " + latent.width() + " gains");
    }

    private void verify(Origin origin, Experts experts) {
        int count = experts.experts().size();
        requireLinear(origin, "router", experts.router(), count, hidden);
        int chosen = experts.routing().chosen();
        require(origin, "experts a token", chosen, chosen > 0 && chosen <= count, "1 to " + count);
        experts.routing()
                .correction()
                .ifPresent(values -> requireShape(origin, "correction of the router", values, Shape.of(count)));
        experts.routing().near().ifPresent(near -> {
            Routing own = Routing.among(near).weighingInputs(experts.routing().weighsInputs());
            boolean fits =
                    near >= 0 && Double.isFinite(near) && experts.routing().equals(own);
            require(origin, "experts with shares among those near", chosen, fits, Routing.NEAR + ", by results alone");
        });
        experts.routing().groups().ifPresent(groups -> {
            require(origin, "groups of experts", groups.count(), count % groups.count() == 0, "a divisor of " + count);
            int size = count / groups.count();
            boolean enough =
                    groups.chosen() < groups.count() && groups.chosen() * size >= chosen && groups.best() <= size;
            require(
                    origin,
                    "groups a token",
                    groups.chosen(),
                    enough,
                    "fewer than all, with " + chosen + " experts in them");
        });
        boolean biased = experts.outputBiases().isPresent();
        experts.experts().forEach(expert -> {
            verify(origin, expert);
            boolean own = expert.down().bias().isPresent();
            require(origin, "down projection of an expert", own ? "a bias" : "no bias", own == biased, "as the others");
            boolean unbiased = !own
                    && expert.readers().stream()
                            .allMatch(reader -> reader.bias().isEmpty());
            boolean weighs = experts.routing().weighsInputs();
            require(
                    origin,
                    "expert whose input is weighed",
                    "a bias",
                    unbiased || !weighs,
                    "projections without biases");
        });
    }

    private void verify(Origin origin, FeedForward feedForward) {
        feedForward
                .gate()
                .ifPresent(gate -> requireLinear(origin, "gate projection", gate, feedForward.width(), hidden));
        requireLinear(origin, "up projection", feedForward.up(), feedForward.width(), hidden);
        requireLinear(origin, "down projection", feedForward.down(), hidden, feedForward.width());
        feedForward
                .activation()
                .weights()
                .forEach(number -> requireShape(origin, "numbers of the activation", number, Shape.of(1)));
    }

    private static void requireNorm(Origin origin, String name, Norm norm, long size) {
        norm.weights().forEach(weight -> requireShape(origin, name, weight, Shape.of(size)));
    }

    private static void requireLinear(Origin origin, String name, Linear linear, long outputs, long inputs) {
        requireShape(origin, name, linear.weight(), Shape.of(outputs, inputs));
        linear.bias().ifPresent(bias -> requireShape(origin, name + " bias", bias, Shape.of(outputs)));
    }

    private static void requireShape(Origin origin, String name, Weight weight, Shape expected) {
        if (weight.shape().equals(expected)) {
            return;
        }
        String tensors = String.join(
                ", ",
                Weights.tensors(weight).map(Weight.Tensor::name).distinct().toList());
        String place = tensors.isEmpty() ? name : name + " (" + tensors + ")";
        throw TwofoldException.input("wrong shape")
                .at(new Origin(origin.file(), origin.layers(), place))
                .found(weight.shape())
                .expected(expected)
                .hint("check config.json against the tensors, or download the checkpoint again");
    }

    private static void require(Origin origin, String name, Object found, boolean holds, Object expected) {
        if (!holds) {
            throw TwofoldException.input("wrong " + name)
                    .at(origin)
                    .found(found)
                    .expected(expected)
                    .hint("check config.json against the tensors");
        }
    }
}
