package dev.twofold.inspection;

import dev.twofold.layers.Plan;
import dev.twofold.passes.analysis.CheapestPlaces;
import dev.twofold.passes.analysis.PlaceCosts;
import dev.twofold.passes.quantize.BitChoice;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Plans and bits that one loss buys. Each has a frontier of its own, and every split of the loss is tried: for each number of places
 * with 8 bits, the plan that saves most for what is left.
 */
final class JointFrontier {

    private static final Comparator<Pick> FASTEST =
            Comparator.comparingDouble(Pick::seconds).thenComparingDouble(Pick::loss);

    private final PlaceCosts costs;
    private final CheapestPlaces plans;
    private final List<BitChoice> bits;
    private final ToDoubleFunction<Both> seconds;
    private final Map<Both, Pick> known = new HashMap<>();

    record Both(Plan plan, BitChoice bits) {}

    /**
     * @param stepsLoss that the plan is predicted to add, in nats
     * @param seconds for a token, as predicted
     */
    record Pick(Both both, double stepsLoss, double seconds) {

        double loss() {
            return stepsLoss + both.bits().predicted();
        }
    }

    /**
     * @param bits from 8 bits nowhere to 8 bits everywhere
     * @param seconds for a token, as predicted
     */
    JointFrontier(PlaceCosts costs, CheapestPlaces plans, List<BitChoice> bits, ToDoubleFunction<Both> seconds) {
        this.costs = costs;
        this.plans = plans;
        this.bits = bits;
        this.seconds = seconds;
    }

    /** The fastest that is predicted to lose so much at most; nothing if 8 bits everywhere lose more. */
    Optional<Pick> fastest(double loss) {
        return bits.stream()
                .filter(choice -> choice.predicted() <= loss)
                // A plan that saves no time there is not worth its loss.
                .flatMap(choice -> Stream.of(plans.within(loss - choice.predicted()), none())
                        .map(plan -> pick(plan, choice)))
                .min(FASTEST);
    }

    /** 8 bits everywhere, and no plan: what loses least. */
    Pick safest() {
        return pick(none(), bits.get(bits.size() - 1));
    }

    private Plan none() {
        return Plan.none(costs.layers());
    }

    private Pick pick(Plan plan, BitChoice choice) {
        return known.computeIfAbsent(
                new Both(plan, choice), both -> new Pick(both, costs.predicted(plan), seconds.applyAsDouble(both)));
    }
}
