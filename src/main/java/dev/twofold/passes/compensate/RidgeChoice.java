package dev.twofold.passes.compensate;

import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import org.ejml.data.DMatrixRMaj;

/**
 * The ridge whose correction does best on held-out tokens, and a correction of that ridge.
 *
 * @param ridge 0 if none is better than leaving the weights as they are
 * @param heldOut the error on the held-out tokens of a correction that none of them was fitted to
 */
record RidgeChoice(double ridge, DMatrixRMaj correction, double heldOut) {

    /** The best correction for sums over tokens to fit to, by sums over others. */
    static <S extends LeastSquares<S>> RidgeChoice best(List<Double> ridges, S fitted, S heldOut) {
        return best(ridges, fitted::solve, heldOut::error, heldOut.error());
    }

    /**
     * @param solve the correction of a ridge
     * @param heldOutError of a correction
     * @param before the held-out error of no correction
     */
    static RidgeChoice best(
            List<Double> ridges,
            DoubleFunction<DMatrixRMaj> solve,
            ToDoubleFunction<DMatrixRMaj> heldOutError,
            double before) {
        RidgeChoice best = new RidgeChoice(0, new DMatrixRMaj(0, 0), before);
        double last = Double.POSITIVE_INFINITY;
        for (double ridge : ridges.stream().sorted(Comparator.reverseOrder()).toList()) {
            DMatrixRMaj correction = solve.apply(ridge);
            double error = heldOutError.applyAsDouble(correction);
            if (error < best.heldOut()) {
                best = new RidgeChoice(ridge, correction, error);
            } else if (error > last) {
                // The error falls and then rises as the ridge shrinks.
                return best;
            }
            last = error;
        }
        return best;
    }

    /** The same ridge, fitted to all tokens: those that were held out have done their part when it is chosen. */
    RidgeChoice onAll(LeastSquares<?> all) {
        return dropped() ? this : new RidgeChoice(ridge, all.solve(ridge), heldOut);
    }

    boolean dropped() {
        return ridge == 0;
    }
}
