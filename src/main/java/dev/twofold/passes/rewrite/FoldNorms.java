package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
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
import dev.twofold.pass.Property;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Scaled;
import java.util.Optional;
import java.util.Set;

/**
 * Moves the gain of each RMSNorm into the columns of the projections that read it, which is exact:
 * {@code W (unit(x) * g) = (W diag(g)) unit(x)}.
 *
 * <pre>
 * before                        after
 *   x += A(unit(x) * g)           x += A'(unit(x)),   q, k, v scaled by g along their inputs
 *   x += F(unit(x) * h)           x += F'(unit(x)),   gate, up scaled by h along their inputs
 * </pre>
 *
 * <p>The final norm keeps its gain: nothing is merged across it, and folding it would untie tied embeddings. Does not
 * fire on a norm whose gain is already one.
 */
public final class FoldNorms implements Pass {

    public static final PassSpec<PassSpec.NoOptions> SPEC = new PassSpec<>(
            "fold-norms",
            "fold the gains of norms into the projections that read them",
            "- fold-norms",
            PassSpec.Effect.EXACT,
            PassSpec.NoOptions.class,
            Set.of(),
            Set.of(Property.NORMS_FOLDED),
            Set.of(),
            options -> new FoldNorms());

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder.withSteps(Rewriting.everyStep(decoder.steps(), FoldNorms::fold));
    }

    private static Step fold(Step step) {
        return new Step(step.branches().stream().map(FoldNorms::fold).toList());
    }

    private static Branch fold(Branch branch) {
        Optional<Norm> norm = branch.in().filter(in -> !in.isUnit());
        return norm.map(in -> new Branch(Optional.of(in.unit()), fold(branch.body(), in.gain()), branch.origin()))
                .orElse(branch);
    }

    private static Operator fold(Operator body, Weight gain) {
        if (body instanceof Attention attention) {
            return new Attention(
                    fold(attention.query(), gain),
                    fold(attention.key(), gain),
                    fold(attention.value(), gain),
                    attention.output(),
                    attention.headSize(),
                    attention.members());
        } else if (body instanceof FeedForward feedForward) {
            return new FeedForward(fold(feedForward.gate(), gain), fold(feedForward.up(), gain), feedForward.down());
        }
        throw new IllegalStateException("a norm in front of " + body);
    }

    private static Linear fold(Linear linear, Weight gain) {
        return new Linear(new Scaled(linear.weight(), 1, gain), linear.bias());
    }
}
