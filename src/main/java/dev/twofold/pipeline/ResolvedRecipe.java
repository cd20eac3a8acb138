package dev.twofold.pipeline;

import dev.twofold.inspection.ChosenPlan;
import dev.twofold.recipe.Recipe;
import java.util.Optional;

/**
 * A recipe with nothing left open.
 *
 * @param chosen the plan that was chosen for it, if one was left open
 */
record ResolvedRecipe(Recipe recipe, Optional<ChosenPlan> chosen) {}
