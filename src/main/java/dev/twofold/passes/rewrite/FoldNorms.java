package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
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
import dev.twofold.weight.Weight.Applied;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Moves gain and bias of each norm into the projections that read it, which is exact: {@code W (unit(x) * g + h) = (W
 * diag(g)) unit(x) + W h}.
 *
 * <pre>
 * before                            after
 *   x += A(unit(x) * g + h)           x += A'(unit(x)),   q, k, v scaled by g along their inputs, W h in their biases
 *   x += F(unit(x) * g + h)           x += F'(unit(x)),   gate, up likewise
 * </pre>
 *
 * <p>The final norm keeps its gain: nothing is merged across it, and folding it would untie tied embeddings. Norms of
 * queries and keys, and of what a branch adds, keep theirs: no projection reads them. Does not fire on a norm that is
 * already without gain and bias.
 */
public final class FoldNorms implements Pass {

    public static final PassSpec<PassSpec.NoOptions> SPEC = new PassSpec<>(
            "fold-norms",
            "fold the gains and biases of norms into the projections that read them",
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
        return branch.in()
                .filter(in -> !in.isUnit())
                .map(in -> new Branch(Optional.of(in.unit()), fold(branch.body(), in), branch.out(), branch.origin()))
                .orElse(branch);
    }

    private static Operator fold(Operator body, Norm norm) {
        return body.withReaders(
                body.readers().stream().map(reader -> fold(reader, norm)).toList());
    }

    private static Linear fold(Linear linear, Norm norm) {
        Weight weight = isOne(norm.gain()) ? linear.weight() : new Scaled(linear.weight(), 1, norm.gain());
        Optional<Weight> constant = norm.bias().map(bias -> new Applied(linear.weight(), bias));
        List<Weight> biases =
                Stream.concat(linear.bias().stream(), constant.stream()).toList();
        return new Linear(weight, biases.isEmpty() ? Optional.empty() : Optional.of(Weights.sum(biases)));
    }

    private static boolean isOne(Weight gain) {
        return gain instanceof Filled filled && filled.value() == 1f;
    }
}
