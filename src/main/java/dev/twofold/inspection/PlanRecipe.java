package dev.twofold.inspection;

import dev.twofold.layers.Plan;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
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

    /** The same, and what joins operators that have come side by side. */
    static Recipe widened(Plan plan, PairLayers.Form form) {
        return of(plan, form)
                .append(PassRequest.own(FoldNorms.SPEC, new NoOptions()))
                .append(PassRequest.own(Widen.SPEC, new NoOptions()));
    }
}
