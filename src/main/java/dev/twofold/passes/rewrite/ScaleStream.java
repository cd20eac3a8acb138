package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the residual stream smaller by a power of two, so that fp16 holds it. Whatever reads the stream reads it through a
 * norm, and {@code unit(c x; c^2 epsilon) = unit(x; epsilon)}; so with {@code c = 2^-halvings}
 *
 * <pre>
 * before                              after
 *   x  = E[t]                           x  = c E[t]
 *   x  = m(E[t])                        x  = c m(E[t])
 *   x += o(A(n(x)))                     x += c o(A(n(x))),       n with c^2 epsilon
 *   x += m(o(A(n(x))))                  x += c m(c o(A(n(x)))),  m with c^2 epsilon: its operand is smaller too
 *   x += m(o(A(x)))                     x += c m(c o(A'(x))),    q, k, v of A' divided by c
 *   logits = H n(x)                     logits = H n(x),         n with c^2 epsilon
 * </pre>
 *
 * <p>In float32 nothing changes, as powers of two multiply exactly.
 */
public final class ScaleStream implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "scale-stream",
            "keep the stream smaller by a power of two, for fp16",
            "- scale-stream: {halvings: 4}",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            ScaleStream::new);

    /** More would leave nothing of the smallest activations in fp16. */
    private static final int MOST = 12;

    /** @param halvings how often the stream is halved */
    public record Options(@Nullable Integer halvings) {}

    private final int halvings;
    private final double factor;

    public ScaleStream(Options options) {
        this.halvings = options.halvings() == null ? 0 : options.halvings();
        this.factor = Math.scalb(1.0, -halvings);
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return halvings >= 1 && halvings <= MOST
                ? Optional.empty()
                : Optional.of(new NotApplicable("it needs a number of halvings from 1 to " + MOST, "halvings: 4"));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        Embedding embedding = decoder.embedding();
        Embedding smaller = embedding.norm().isPresent()
                ? embedding.withNorm(embedding.norm().map(this::writing))
                : new Embedding(
                        embedding.table(),
                        embedding.scale() * factor,
                        embedding.positions().map(positions -> Weights.times(positions, factor)));
        return new Decoder(
                decoder.facts(),
                smaller,
                Rewriting.everyStep(decoder.steps(), this::scaled),
                reading(decoder.finalNorm()),
                decoder.head(),
                decoder.logitCap(),
                decoder.precision(),
                decoder.sharding());
    }

    private Step scaled(Step step) {
        return new Step(step.branches().stream().map(this::scaled).toList());
    }

    private Branch scaled(Branch branch) {
        Operator body = branch.in().isPresent() ? branch.body() : reading(branch.body());
        return new Branch(
                branch.in().map(this::reading),
                body.match(new Writing()),
                branch.out().map(this::reading).map(this::writing),
                branch.origin());
    }

    /** What reads the stream itself makes up for it. */
    private Operator reading(Operator body) {
        return body.withReaders(body.readers().stream()
                .map(reader -> new Linear(Weights.times(reader.weight(), 1 / factor), reader.bias()))
                .toList());
    }

    /** The same of a smaller operand. */
    private Norm reading(Norm norm) {
        return new Norm(norm.kind(), norm.gain(), norm.bias(), norm.epsilon() * factor * factor);
    }

    /** With a smaller result. */
    private Norm writing(Norm norm) {
        return norm.withGain(Weights.times(norm.gain(), factor), norm.bias().map(bias -> Weights.times(bias, factor)));
    }

    private Linear writing(Linear linear) {
        return new Linear(
                Weights.times(linear.weight(), factor), linear.bias().map(bias -> Weights.times(bias, factor)));
    }

    /** Operators with a smaller result. */
    private final class Writing implements Operator.Cases<Operator> {

        @Override
        public Operator attention(Attention attention) {
            return attention.withWriter(writing(attention.output()));
        }

        @Override
        public Operator feedForward(FeedForward feedForward) {
            return feedForward.withWriter(writing(feedForward.down()));
        }

        @Override
        public Operator experts(Experts experts) {
            return experts.withExperts(experts.experts().stream()
                    .map(expert -> expert.withWriter(writing(expert.down())))
                    .toList());
        }

        /** Its steps are smaller already, and so is what they add up to. */
        @Override
        public Operator chain(Chain chain) {
            return chain;
        }
    }
}
