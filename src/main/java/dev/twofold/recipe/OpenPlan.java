package dev.twofold.recipe;

import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.pass.Facts;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.List;
import java.util.Optional;

/**
 * A recipe that leaves it to a measurement which layers share a group, and perhaps which steps merge.
 *
 * @param ask what they are to be chosen by
 * @param open the pairing that they are chosen for
 * @param merging the merge that they are chosen for, if there is one
 */
public record OpenPlan(
        Recipe recipe,
        PassRequest<ChoosePairs.Options> ask,
        PassRequest<PairLayers.Options> open,
        Optional<PassRequest<MergeSteps.Options>> merging) {

    /**
     * Whether something has to be chosen; if so, everything else in the recipe is checked at once.
     *
     * @throws TwofoldException if the recipe is wrong in any way
     */
    public static Optional<OpenPlan> in(Recipe recipe, Facts start) {
        List<PassRequest<ChoosePairs.Options>> asked = recipe.all(ChoosePairs.SPEC);
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        PassRequest<ChoosePairs.Options> ask = asked.get(0);
        Recipe after = new Recipe(recipe.passes()
                .subList(recipe.passes().indexOf(ask), recipe.passes().size()));
        List<PassRequest<PairLayers.Options>> open = after.all(PairLayers.SPEC).stream()
                .filter(request -> request.options().namesNoLayers())
                .toList();
        if (asked.size() > 1 || open.size() != 1) {
            throw TwofoldException.input("pass " + ask.name() + " does not know what to choose for")
                    .at(ask.origin())
                    .found(asked.size() + " times " + ask.name() + ", and after it " + open.size() + " times "
                            + PairLayers.SPEC.name() + " without layers")
                    .expected("one of each")
                    .as(ask.blame());
        }
        Optional<PassRequest<MergeSteps.Options>> merging = after.all(MergeSteps.SPEC).stream()
                .filter(request -> request.options().namesNoSteps())
                .findFirst();
        OpenPlan choice = new OpenPlan(recipe, ask, open.get(0), merging);
        choice.check(start);
        return Optional.of(choice);
    }

    private void check(Facts start) {
        with(Plan.none(start.layers())).check(start);
        // The conditions of the choice itself, which the recipe above no longer holds: layers are paired as they are
        // measured.
        Recipe before = new Recipe(recipe.passes().subList(0, recipe.passes().indexOf(open))).without(ask.spec());
        before.append(ask).check(start);
        sample(start).check(start);
    }

    /** The recipe with some plan, so that whatever does not go with groups is found out before anything is measured. */
    public Recipe sample(Facts start) {
        Plan none = Plan.none(start.layers());
        boolean merges =
                options().mergesSteps() && merging.isPresent() && start.steps().size() > start.layers();
        if (merges) {
            return with(none.with(StepRange.of(0, 2)));
        }
        return with(start.layers() < 2 ? none : none.with(new LayerRange(0, 1)));
    }

    public ChoosePairs.Options options() {
        return ask.options();
    }

    /** How the layers of a group will run. */
    public PairLayers.Form form() {
        return open.options().formOrDefault();
    }

    /** The recipe with a plan in place of the choice. */
    public Recipe with(Plan plan) {
        Recipe paired = recipe.replace(open, open.with(open.options().with(plan)));
        return merging.map(merge -> paired.replace(merge, merge.with(MergeSteps.Options.of(plan))))
                .orElse(paired)
                .without(ask.spec());
    }

    /** What the chosen steps are refitted with, if they are. */
    public Optional<Compensate.Options> fit() {
        return recipe.find(Compensate.SPEC).map(PassRequest::options);
    }
}
