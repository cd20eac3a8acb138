package dev.twofold.inspection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * Looks for the best choice that keeps a limit once it is measured, as near as a few measurements come. Predictions do not add up
 * quite, so that each measurement says by how much the next one may be predicted to lose.
 *
 * @param allowed loss in nats, as measured
 * @param proposed the best choice that is predicted to lose so much at most; nothing if there is none that is worth a measurement
 * @param predicted its loss
 * @param measured its loss
 * @param better a later choice is one that is better
 */
record LimitSearch<T>(
        double allowed,
        DoubleFunction<Optional<T>> proposed,
        ToDoubleFunction<T> predicted,
        ToDoubleFunction<T> measured,
        Comparator<T> better) {

    /** Choices that are measured, at most. */
    private static final int ROUNDS = 6;

    /** How far a budget moves in one of these. */
    private static final double LEAST_STEP = 0.3;

    private static final double MOST_STEP = 3;

    /** Below a limit by this share is close enough to it. */
    private static final double CLOSE = 0.9;

    Optional<T> best() {
        Optional<T> best = Optional.empty();
        List<T> tried = new ArrayList<>();
        double budget = allowed;
        for (int round = 0; round < ROUNDS; round++) {
            Optional<T> next = proposed.apply(budget);
            if (next.isEmpty() || tried.contains(next.get())) {
                return best;
            }
            T choice = next.get();
            tried.add(choice);
            double loss = measured.applyAsDouble(choice);
            if (loss <= allowed && (best.isEmpty() || better.compare(choice, best.get()) > 0)) {
                best = next;
            }
            if (loss <= allowed && loss >= CLOSE * allowed) {
                return best;
            }
            double step = loss <= 0 ? MOST_STEP : CLOSE * allowed / loss;
            budget = predicted.applyAsDouble(choice) * (step >= LEAST_STEP ? Math.min(MOST_STEP, step) : LEAST_STEP);
        }
        return best;
    }
}
