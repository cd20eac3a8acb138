package dev.twofold.passes.compensate;

import org.ejml.data.DMatrixRMaj;

/**
 * Sums over tokens that a correction of weights is solved from, and that tell its error.
 *
 * @param <S> this kind
 */
interface LeastSquares<S extends LeastSquares<S>> {

    /** The correction for a ridge, in units of the mean squared input. */
    DMatrixRMaj solve(double ridge);

    /** Adds the tokens of another. */
    void add(S other);

    /** The square of what is to be reached, by which errors are judged. */
    double reached();

    /** The squared error as it is. */
    double error();

    /** The squared error after a correction, perhaps one that was solved for on other tokens. */
    double error(DMatrixRMaj correction);
}
