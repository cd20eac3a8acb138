package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
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
 * <p>Does not fire on branches that read different norms, on attentions whose head size or number of query heads a KV
 * head differ, or on chains: each feed-forward of a one-sync group reads a stream of its own.
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
            List<Object> details = List.of(branch);
            if (branch.body() instanceof Attention attention) {
                details = List.of(attention.headSize(), attention.heads() / attention.kvHeads());
            } else if (branch.body() instanceof FeedForward) {
                details = List.of();
            }
            return new Kind(branch.in(), branch.body().getClass(), details);
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
                ? attention(branches.stream().map(b -> (Attention) b.body()).toList())
                : feedForward(branches.stream().map(b -> (FeedForward) b.body()).toList());
        return new Branch(first.in(), body, origin);
    }

    private static Attention attention(List<Attention> parts) {
        return new Attention(
                byRows(parts, Attention::query),
                byRows(parts, Attention::key),
                byRows(parts, Attention::value),
                byColumns(parts, Attention::output),
                parts.get(0).headSize(),
                parts.stream().flatMap(part -> part.members().stream()).toList());
    }

    private static FeedForward feedForward(List<FeedForward> parts) {
        return new FeedForward(
                byRows(parts, FeedForward::gate), byRows(parts, FeedForward::up), byColumns(parts, FeedForward::down));
    }

    private static <T> Linear byRows(List<T> parts, Function<T, Linear> of) {
        return Linear.stack(parts.stream().map(of).toList());
    }

    private static <T> Linear byColumns(List<T> parts, Function<T, Linear> of) {
        return Linear.sum(parts.stream().map(of).toList());
    }
}
