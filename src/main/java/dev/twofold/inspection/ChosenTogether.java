package dev.twofold.inspection;

import dev.twofold.layers.Plan;
import dev.twofold.measure.LossLimit;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.passes.quantize.BitChoice;
import java.util.List;
import java.util.Optional;

/**
 * A plan and bits that were chosen together, for the most speed within one limit.
 *
 * @param stepsLoss what the plan is predicted to lose, in nats; the bits say what they are
 * @param places that bits were chosen for
 * @param rises of the perplexity by both together, as shares, on the texts that the plan was measured on, in their order
 */
public record ChosenTogether(
        LossLimit limit, Plan plan, double stepsLoss, BitChoice bits, int places, Speeds speeds, List<Double> rises) {

    public ChosenTogether {
        rises = List.copyOf(rises);
    }

    /** How many times as fast as the model with neither, as predicted, by the plan, by the bits and by both. */
    public record Speeds(double plan, double bits, double both) {}

    /** Whether the limit was kept when both were measured. */
    public boolean kept() {
        return rises.stream().allMatch(limit::allows);
    }

    /** The plan by itself, with nothing rounded. */
    PlanChoice planChoice(TextMeasurement text) {
        return new PlanChoice(
                new MeasuredPlan(plan, text.base().loss() + stepsLoss, text.score(plan)),
                List.of(),
                Optional.of(speeds.plan()));
    }
}
