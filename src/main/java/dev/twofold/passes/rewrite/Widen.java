package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.QueryKeyNorm.Span;
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
import java.util.function.Function;

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

    /** Branches merge if and only if they agree in this. */
    private record Kind(Optional<Norm> norm, Class<? extends Operator> operator, List<Object> details) {

        static Kind of(Branch branch) {
            return new Kind(branch.in(), branch.body().getClass(), details(branch));
        }

        /** What a branch shares with others that it can merge with; with none, itself. */
        private static List<Object> details(Branch branch) {
            if (branch.out().isPresent()) {
                return List.of(branch);
            } else if (branch.body() instanceof Attention attention) {
                Optional<QueryKeyNorm> norms = attention.norms();
                if (norms.isPresent() && norms.get().span() == Span.WIDTH) {
                    return List.of(branch);
                }
                List<Object> turned = norms.map(both -> List.<Object>of(
                                both.query().kind(), both.query().epsilon()))
                        .orElse(List.of());
                return List.of(attention.rule(), attention.heads() / attention.kvHeads(), turned);
            } else if (branch.body() instanceof FeedForward feedForward) {
                return List.of(feedForward.activation(), feedForward.gate().isPresent());
            }
            return List.of(branch);
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
        Operator body = first.body() instanceof Attention
                ? Attention.merged(
                        branches.stream().map(b -> (Attention) b.body()).toList())
                : feedForward(branches.stream().map(b -> (FeedForward) b.body()).toList());
        return new Branch(first.in(), body, first.out(), origin);
    }

    private static FeedForward feedForward(List<FeedForward> parts) {
        FeedForward first = parts.get(0);
        return new FeedForward(
                first.gate().map(gate -> byRows(parts, part -> part.gate().orElseThrow())),
                byRows(parts, FeedForward::up),
                byColumns(parts, FeedForward::down),
                first.activation());
    }

    private static <T> Linear byRows(List<T> parts, Function<T, Linear> of) {
        return Linear.stack(parts.stream().map(of).toList());
    }

    private static <T> Linear byColumns(List<T> parts, Function<T, Linear> of) {
        return Linear.sum(parts.stream().map(of).toList());
    }
}
