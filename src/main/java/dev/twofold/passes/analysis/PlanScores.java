package dev.twofold.passes.analysis;

import dev.twofold.pass.Grouping;
import dev.twofold.pass.PlanScore;

/** Says how good a plan is, measuring it if that is not known yet. */
public interface PlanScores {

    PlanScore score(Grouping plan);
}
