package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.estimate.CostModel;
import dev.twofold.estimate.HardwareChoice;
import dev.twofold.estimate.RuntimeName;
import dev.twofold.estimate.Speed;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.recipe.Recipe;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Predicts how fast plans decode one text on some hardware, as {@code twofold estimate} does unless told otherwise. */
final class PlanSpeed {

    private static final Speed.Text TEXT = new Speed.Text(1, 128, 128);

    /** A saving is told in this share of the time that a token takes without a plan. */
    private static final int UNITS = 4000;

    private final Decoder original;
    private final Function<Plan, Recipe> recipes;
    private final HardwareChoice hardware;
    private final double unplanned;
    private final Map<Place, Integer> savings = new HashMap<>();

    /**
     * @param original its weights are not read
     * @param recipes all that is done to a model whose plan this is
     */
    PlanSpeed(Decoder original, Function<Plan, Recipe> recipes, HardwareChoice hardware) {
        this.original = original;
        this.recipes = recipes;
        this.hardware = hardware;
        this.unplanned = seconds(Plan.none(original.facts().layers()));
    }

    private double seconds(Plan plan) {
        return seconds(recipes.apply(plan));
    }

    /** For a token, after a recipe with nothing left open. */
    double seconds(Recipe recipe) {
        PlannedModel planned = PlannedModel.of(original, recipe, DialectName.ORT, KvLayout.PER_LAYER);
        hardware.require(planned.devices());
        CostModel model = new CostModel(
                hardware.hardware(), RuntimeName.STREAM, planned.decoder().precision(), 1);
        return Speed.of(model, planned.workloads(), TEXT).decode().total();
    }

    /** How many times as fast as without a plan. */
    double speedup(Plan plan) {
        return unplanned / seconds(plan);
    }

    /** The time that a place by itself saves. */
    int saving(Place place) {
        return savings.computeIfAbsent(place, this::measured);
    }

    private int measured(Place place) {
        double saved = unplanned - seconds(Plan.none(original.facts().layers()).with(place));
        return (int) Math.round(UNITS * saved / unplanned);
    }

    /** What places have to save together for a speed-up. */
    static int savingFor(double speedup) {
        return (int) Math.ceil(UNITS * (1 - 1 / speedup));
    }
}
