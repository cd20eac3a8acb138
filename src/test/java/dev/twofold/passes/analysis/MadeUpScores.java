package dev.twofold.passes.analysis;

import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** Scores of plans that no model was run for. */
final class MadeUpScores implements PlanScores {

    static final double BASE_LOSS = 4;

    private final ToDoubleFunction<Plan> rise;
    private final Set<Plan> asked = new LinkedHashSet<>();

    MadeUpScores(ToDoubleFunction<Plan> rise) {
        this.rise = rise;
    }

    /** Plans cost what their groups do. */
    static MadeUpScores additive(ToDoubleFunction<LayerRange> cost) {
        return new MadeUpScores(plan -> plan.groups().stream().mapToDouble(cost).sum());
    }

    /** A cost for each group, drawn once. */
    static ToDoubleFunction<LayerRange> random(long seed, double from, double to) {
        Random random = new Random(seed);
        Map<LayerRange, Double> costs = new HashMap<>();
        return group -> costs.computeIfAbsent(group, any -> random.nextDouble(from, to) * (group.size() - 1));
    }

    /** Whole plans of two groups or more cost something between two thirds and twice what their groups do. */
    static MadeUpScores interacting(long seed) {
        Random random = new Random(-seed);
        ToDoubleFunction<LayerRange> cost = random(seed, 0.001, 0.03);
        Map<Plan, Double> factors = new HashMap<>();
        return new MadeUpScores(plan -> plan.groups().stream().mapToDouble(cost).sum()
                * (plan.groups().size() < 2 ? 1 : factors.computeIfAbsent(plan, any -> random.nextDouble(2 / 3.0, 2))));
    }

    double rise(Plan plan) {
        return rise.applyAsDouble(plan);
    }

    /** The plans that were asked for. */
    Set<Plan> asked() {
        return asked;
    }

    @Override
    public PlanScore score(Plan plan) {
        asked.add(plan);
        return new PlanScore(BASE_LOSS + rise(plan), rise(plan), 0, 0);
    }
}
