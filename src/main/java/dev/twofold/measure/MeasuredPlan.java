package dev.twofold.measure;

import dev.twofold.layers.Plan;

/**
 * A plan, what it was expected to cost, and what it does.
 *
 * @param predictedLoss the original's loss and the costs of the plan's groups by themselves, in nats
 */
public record MeasuredPlan(Plan plan, double predictedLoss, PlanScore score) {}
