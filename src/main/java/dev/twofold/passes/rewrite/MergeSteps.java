package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.decoder.StepName;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets neighbouring steps read one stream, and adds what they make to it at once.
 *
 * <pre>
 * before        runs: [4A-4F]      runs: [4F-5A]      runs: [4A-5A]
 *   x += A4       x += A4 + F4       x += A4            x += A4 + F4 + A5
 *   x += F4                          x += F4 + A5
 *   x += A5       x += A5                               x += F5
 *   x += F5       x += F5            x += F5
 * </pre>
 *
 * <p>Every run saves a step for each one in it but the first, and as many all-reduces. No operator moves past another. Does
 * not apply to steps that are not neighbours in the stream, to layers that share a group already, or to a model whose layers
 * are one step each.
 */
public final class MergeSteps implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "merge-steps",
            "let neighbouring steps read one stream",
            "- merge-steps: {runs: [12A-12F, 14F-15A, 16A-17A]}",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            MergeSteps::new);

    /** @param runs each becomes one step */
    public record Options(@Nullable List<StepRange> runs) {

        /** Whether it leaves open which steps are merged. */
        public boolean namesNoSteps() {
            return runs == null;
        }

        /** The merges of a plan. */
        public static Options of(Plan plan) {
            return new Options(plan.merges());
        }
    }

    private final List<StepRange> runs;

    public MergeSteps(Options options) {
        this.runs = options.runs() == null ? List.of() : options.runs();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (!runs.isEmpty() && facts.steps().stream().allMatch(step -> step.size() > 1)) {
            return problem(
                    "the layers of this model are one step each, attention and feed-forward side by side",
                    "put layers side by side with pair-layers, or --pairs 4-5");
        }
        StepSequence sequence = new StepSequence(facts.steps());
        for (StepRange run : runs) {
            Optional<NotApplicable> missing = sequence.missing(run);
            if (missing.isPresent()) {
                return LayerChecks.requireOrdinary(facts, run.endLayers()).or(() -> missing);
            }
        }
        return sequence.overlap(runs).or(() -> LayerChecks.requireOrdinary(facts, sequence.layers(runs)));
    }

    private static Optional<NotApplicable> problem(String reason, String hint) {
        return Optional.of(new NotApplicable(reason, hint));
    }

    @Override
    public Facts simulate(Facts facts) {
        List<List<StepName>> steps = new StepSequence(facts.steps()).merged(facts.steps(), runs, MergeSteps::flat);
        return facts.withGroups(MergedGroups.of(facts.groups(), steps));
    }

    private static List<StepName> flat(List<List<StepName>> run) {
        return run.stream().flatMap(List::stream).toList();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder.withSteps(merged(decoder.steps(), runs));
    }

    /** The steps with those of each run as one. */
    public static List<Step> merged(List<Step> steps, List<StepRange> runs) {
        List<List<StepName>> names = steps.stream().map(StepName::of).toList();
        return new StepSequence(names).merged(steps, runs, MergeSteps::one);
    }

    private static Step one(List<Step> run) {
        List<Branch> branches = new ArrayList<>();
        run.forEach(step -> branches.addAll(step.branches()));
        return new Step(branches);
    }
}
