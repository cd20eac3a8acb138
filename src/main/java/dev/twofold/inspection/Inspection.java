package dev.twofold.inspection;

import dev.twofold.layers.LayerRange;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.analysis.PlanSearch.Found;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything that an inspection found.
 *
 * @param base the original's score on the calibration text
 * @param heldOut scores on a second text, if there is one
 * @param compensation what it wins back on the held-out text; empty unless asked for
 * @param steps what merged steps cost; empty for a model whose layers are one step each
 * @param seconds that it took
 * @param plansMeasured plans whose loss is known
 * @param cached whether nothing had to be measured
 */
public record Inspection(
        PairLayers.Form form,
        LayerFindings layers,
        PlanFrontier frontier,
        PlanScore base,
        Optional<HeldOut> heldOut,
        List<CompensationStudy.Row> compensation,
        Optional<StepStudy> steps,
        double seconds,
        int plansMeasured,
        boolean cached) {

    /** Rises of the perplexity that a plan is recommended for. */
    private static final List<LossLimit> LIMITS =
            Stream.of("0.1%", "0.5%", "1%", "3%", "10%").map(LossLimit::valueOf).toList();

    /** The highest of them. */
    public static final LossLimit HIGHEST_LIMIT = LIMITS.get(LIMITS.size() - 1);

    /** Scores on the held-out text. */
    public record HeldOut(int tokens, PlanScore base, TextMeasurement plans) {}

    /**
     * The shallowest chosen plan within a limit on both texts.
     *
     * @param index among {@link #chosen}
     */
    public record Recommendation(LossLimit limit, int index) {}

    /** The chosen plans, deepest first. */
    public List<MeasuredPlan> chosen() {
        return frontier.found().stream().map(Found::chosen).toList();
    }

    /** The best contiguous windows of pairs, deepest first. */
    public List<MeasuredPlan> windows() {
        return frontier.found().stream()
                .flatMap(found -> found.window().stream())
                .toList();
    }

    /** One for each limit that some plan keeps. */
    public List<Recommendation> recommendations() {
        return LIMITS.stream()
                .map(limit -> new Recommendation(limit, shallowest(limit)))
                .filter(recommendation -> recommendation.index() >= 0)
                .toList();
    }

    private int shallowest(LossLimit limit) {
        List<MeasuredPlan> chosen = chosen();
        for (int i = chosen.size() - 1; i >= 0; i--) {
            if (keeps(chosen.get(i), limit)) {
                return i;
            }
        }
        return -1;
    }

    private boolean keeps(MeasuredPlan plan, LossLimit limit) {
        return limit.allows(plan.score().increase(base))
                && heldOut.stream()
                        .allMatch(text ->
                                limit.allows(text.plans().score(plan.plan()).increase(text.base())));
    }

    /** A contiguous window of pairs as {@code --window} spells it. */
    public static String window(MeasuredPlan plan) {
        List<LayerRange> groups = plan.plan().groups();
        return groups.get(0).first() + ":" + (groups.get(groups.size() - 1).last() + 1);
    }
}
