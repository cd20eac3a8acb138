package dev.twofold.passes.rewrite;

import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns same-kind branches of a step into one branch of the summed width, so that the sum over a pair happens inside
 * one matrix product.
 *
 * <pre>
 * before                             after
 *   x += A4(unit(x)) + A5(unit(x))     x += A(unit(x)),   q, k, v stacked by rows, o side by side
 *   x += F4(unit(x)) + F5(unit(x))     x += F(unit(x)),   gate, up stacked by rows, down side by side
 * </pre>
 *
 * <p>Does not fire on branches that read different norms, or whose result passes through a norm; on attentions whose {@link
 * AttentionRule} or number of query heads a KV head differ, or whose queries and keys are normalized over the whole
 * width; or on chains: each feed-forward of a one-sync group reads a stream of its own.
 */
public final class Widen implements Pass {

    public static final PassSpec<PassSpec.NoOptions> SPEC = new PassSpec<>(
            "widen",
            "merge the branches of a step into one wide layer",
            "- widen",
            PassSpec.Effect.EXACT,
            PassSpec.NoOptions.class,
            Set.of(Property.NORMS_FOLDED),
            Set.of(),
            Set.of(),
            options -> new Widen());

    /** Branches merge if and only if they agree in this; one that can merge with no other is its own. */
    private record Kind(Optional<Norm> norm, Object key) {

        static Kind of(Branch branch) {
            Optional<Object> key =
                    branch.out().isPresent() ? Optional.empty() : branch.body().mergeKey();
            return new Kind(branch.in(), key.orElse(branch));
        }
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder.withSteps(Rewriting.everyStep(decoder.steps(), Widen::widen));
    }

    private static Step widen(Step step) {
        Map<Kind, List<Branch>> byKind = new LinkedHashMap<>();
        step.branches()
                .forEach(branch -> byKind.computeIfAbsent(Kind.of(branch), kind -> new ArrayList<>())
                        .add(branch));
        return new Step(byKind.values().stream().map(Widen::merge).toList());
    }

    private static Branch merge(List<Branch> branches) {
        Branch first = branches.get(0);
        if (branches.size() == 1) {
            return first;
        }
        List<Integer> layers = branches.stream()
                .flatMap(branch -> branch.origin().layers().stream())
                .toList();
        Origin origin = first.origin().withLayers(layers);
        Operator body = Operator.merged(branches.stream().map(Branch::body).toList());
        return new Branch(first.in(), body, first.out(), origin);
    }
}
