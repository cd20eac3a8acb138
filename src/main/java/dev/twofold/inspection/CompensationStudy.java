package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import dev.twofold.pass.Facts;
import dev.twofold.passes.analysis.PlanSearch.Found;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.recipe.CheckedRecipe;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What compensation wins back: plans as they are, rescaled and refitted, next to dropping as many layers, all measured on
 * a text that nothing was fitted to.
 */
public final class CompensationStudy {

    private final Source source;
    private final TextMeasurement heldOut;
    private final RefittedPlans refitted;
    private final Host host;

    /**
     * @param heldOut measures on a text that nothing is fitted to
     * @param refitted fits to another text
     */
    public CompensationStudy(Source source, TextMeasurement heldOut, RefittedPlans refitted, Host host) {
        this.source = source;
        this.heldOut = heldOut;
        this.refitted = refitted;
        this.host = host;
    }

    /** How layers were saved. */
    public enum Kind {
        DROPPED,
        WINDOW,
        CHOSEN
    }

    /**
     * Scores of one plan on the held-out text.
     *
     * @param plan as the command line spells it
     * @param rescaled empty if there is nothing to rescale
     */
    public record Row(
            Kind kind,
            int effectiveDepth,
            String plan,
            PlanScore plain,
            Optional<PlanScore> rescaled,
            Optional<PlanScore> compensated) {}

    /** Measures the plans of every depth that was searched. */
    public List<Row> of(PlanFrontier frontier, LayerFindings layers) {
        List<Row> rows = new ArrayList<>();
        host.progress().begin("compensation", frontier.found().size(), Progress.Unit.DEPTHS);
        for (Found found : frontier.found()) {
            int depth = found.chosen().plan().depth();
            rows.add(dropped(depth, layers.influence()));
            found.window()
                    .ifPresent(window ->
                            rows.add(compensated(Kind.WINDOW, window.plan(), "--window " + Inspection.window(window))));
            Plan chosen = found.chosen().plan();
            rows.add(compensated(Kind.CHOSEN, chosen, "--pairs " + chosen));
            heldOut.save();
            host.progress().advance(1);
        }
        host.progress().end();
        return rows;
    }

    /** Drops the layers of least block influence, as ShortGPT (arXiv 2403.03853) does. */
    private Row dropped(int depth, double[] influence) {
        List<Integer> layers = IntStream.range(0, influence.length)
                .boxed()
                .sorted(Comparator.comparingDouble(layer -> influence[layer]))
                .limit(influence.length - depth)
                .sorted()
                .toList();
        String plan = "layers "
                + String.join(",", layers.stream().map(String::valueOf).toList());
        Recipe recipe = Recipe.of(PassRequest.own(DropLayers.SPEC, new DropLayers.Options(layers)));
        String name = "without " + plan;
        PlanScore score = heldOut.known(name)
                .orElseGet(() -> heldOut.score(name, checked(recipe).run(source.decoder()), heldOut.engine()));
        return new Row(Kind.DROPPED, depth, plan, score, Optional.empty(), Optional.empty());
    }

    private Row compensated(Kind kind, Plan grouping, String plan) {
        return new Row(
                kind,
                grouping.depth(),
                plan,
                heldOut.score(grouping),
                Optional.of(score(grouping, Compensate.Method.RESCALE)),
                Optional.of(score(grouping, Compensate.Method.REFIT)));
    }

    private PlanScore score(Plan plan, Compensate.Method method) {
        return refitted.scores(plan, Compensate.Options.DEFAULT.with(method), List.of(heldOut))
                .get(0);
    }

    private CheckedRecipe checked(Recipe recipe) {
        return recipe.check(Facts.of(source.decoder()));
    }
}
