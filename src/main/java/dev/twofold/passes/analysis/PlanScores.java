package dev.twofold.passes.analysis;

import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;

/** Says how good a plan is, measuring it if that is not known yet. */
public interface PlanScores {

    PlanScore score(Plan plan);
}
