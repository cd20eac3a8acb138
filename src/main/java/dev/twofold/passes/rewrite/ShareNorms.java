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
import dev.twofold.weight.Weight.ColumnSizes;
import dev.twofold.weight.Weight.Reciprocal;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Gives all branches of a step one norm: with a gain in the middle of theirs, and what it differs from their own in their
 * projections, which is exact. It takes the place of {@link FoldNorms} where weights are rounded: a gain that is trained makes large
 * what is multiplied most, and a block of few bits keeps best what is large; folded, its numbers are of very different sizes.
 *
 * <pre>
 * before                                   after, with G the root mean square of g and g'
 *   x += A(unit(x) * g) + F(unit(x) * g')    x += A'(unit(x) * G) + F'(unit(x) * G),   q, k, v scaled by g / G, gate, up by g' / G
 *   x += A(unit(x) * g)                      the same
 * </pre>
 *
 * <p>Biases of norms that differ are folded, as {@link FoldNorms} does. Norms of different kinds stay apart.
 */
public final class ShareNorms implements Pass {

    public static final PassSpec<PassSpec.NoOptions> SPEC = new PassSpec<>(
            "share-norms",
            "give the branches of a step one norm, which keeps a gain: instead of fold-norms, before weights are rounded",
            "- share-norms",
            PassSpec.Effect.EXACT,
            PassSpec.NoOptions.class,
            Set.of(),
            Set.of(Property.NORMS_FOLDED),
            Set.of(),
            options -> new ShareNorms());

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder.withSteps(Rewriting.everyStep(decoder.steps(), ShareNorms::share));
    }

    private static Step share(Step step) {
        return new Step(step.branches().stream()
                .map(branch -> branch.in()
                        .map(norm -> sharing(branch, norm, alike(step, norm)))
                        .orElse(branch))
                .toList());
    }

    /** The different norms of a step that can become one with this. */
    private static List<Norm> alike(Step step, Norm norm) {
        return step.branches().stream()
                .flatMap(branch -> branch.in().stream())
                .filter(other -> other.kind() == norm.kind() && other.epsilon() == norm.epsilon())
                .distinct()
                .toList();
    }

    private static Branch sharing(Branch branch, Norm norm, List<Norm> all) {
        if (all.size() == 1) {
            return branch;
        }
        Weight shared = new ColumnSizes(all.stream().map(Norm::gain).toList());
        Weight rest = new Scaled(norm.gain(), 0, new Reciprocal(shared));
        Operator body = branch.body()
                .withReaders(branch.body().readers().stream()
                        .map(reader -> scaled(reader, rest, norm))
                        .toList());
        return new Branch(Optional.of(norm.withGain(shared, Optional.empty())), body, branch.out(), branch.origin());
    }

    private static Linear scaled(Linear linear, Weight rest, Norm norm) {
        Stream<Weight> constant = norm.bias().<Weight>map(bias -> new Applied(linear.weight(), bias)).stream();
        List<Weight> biases = Stream.concat(linear.bias().stream(), constant).toList();
        return new Linear(
                new Scaled(linear.weight(), 1, rest),
                biases.isEmpty() ? Optional.empty() : Optional.of(Weights.sum(biases)));
    }
}
