package dev.twofold.inspection;

import dev.twofold.layers.Plan;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;

/** A plan as the passes that carry it out, and nothing else. */
final class PlanRecipe {

    private PlanRecipe() {}

    /** @param form how the layers of a group run */
    static Recipe of(Plan plan, PairLayers.Form form) {
        PairLayers.Options open = new PairLayers.Options(null, null, null, form);
        Recipe paired = Recipe.of(PassRequest.own(PairLayers.SPEC, open.with(plan)));
        return plan.merges().isEmpty()
                ? paired
                : paired.append(PassRequest.own(MergeSteps.SPEC, MergeSteps.Options.of(plan)));
    }
}
