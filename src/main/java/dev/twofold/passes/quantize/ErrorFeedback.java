package dev.twofold.passes.quantize;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;

/**
 * Rounds the columns of a matrix one after the other, those with the largest inputs first, and after each changes those that are
 * left so that the products with a text come out as near as they can (GPTQ: Frantar et al., 2022). With {@code H = X^T X} and {@code
 * U} upper triangular with {@code H^-1 = U^T U}, an error e in column j is made up for by {@code -e / U[j,j] * U[j,k]} in every later
 * column k.
 */
final class ErrorFeedback {

    /** Added to the diagonal, in units of its mean. */
    private static final double DAMPING = 0.01;

    /** Columns of an inverse that a thread makes at a time: as many as leave its rows in the cache. */
    private static final int STRIPE = 64;

    private final int size;
    private final int[] order;
    /** {@code U}, in the order of the columns. */
    private final double[] upper;

    ErrorFeedback(InputProducts products) {
        size = products.size();
        double[] importance = products.importance();
        order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -importance[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        upper = inverse(
                reversedLower(products, Arrays.stream(importance).average().orElse(1) * DAMPING));
    }

    /** The Cholesky factor of H with its rows and columns in the opposite order: turned round, that is {@code U^-1}. */
    private DMatrixRMaj reversedLower(InputProducts products, double added) {
        DMatrixRMaj reversed = new DMatrixRMaj(size, size);
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                reversed.data[(size - 1 - i) * size + size - 1 - j] = products.sums()[order[i] * size + order[j]];
            }
            reversed.data[(size - 1 - i) * size + size - 1 - i] += added;
        }
        CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(size, true);
        if (!cholesky.decompose(reversed)) {
            throw new IllegalStateException("a sum of squares, damped, that is not positive definite");
        }
        return cholesky.getT(null);
    }

    /** The inverse of a lower triangular matrix in the opposite order of rows and columns. */
    private double[] inverse(DMatrixRMaj lower) {
        double[] inverted = new double[size * size];
        IntStream.range(0, (size + STRIPE - 1) / STRIPE)
                .parallel()
                .map(stripe -> stripe * STRIPE)
                .forEach(from -> invert(lower.data, inverted, from, Math.min(size, from + STRIPE)));
        double[] turned = new double[size * size];
        for (int i = 0; i < inverted.length; i++) {
            turned[inverted.length - 1 - i] = inverted[i];
        }
        return turned;
    }

    /** Some columns of the inverse, which depend on no others: each row is made of those above it, four at a time. */
    private void invert(double[] lower, double[] inverted, int from, int to) {
        int width = to - from;
        double[] row = new double[width];
        for (int i = from; i < size; i++) {
            Arrays.fill(row, 0);
            int k = from;
            for (; k + 3 < i; k += 4) {
                double first = lower[i * size + k];
                double second = lower[i * size + k + 1];
                double third = lower[i * size + k + 2];
                double fourth = lower[i * size + k + 3];
                int above = k * size + from;
                for (int j = 0; j < width; j++) {
                    row[j] = row[j]
                            - first * inverted[above + j]
                            - second * inverted[above + size + j]
                            - third * inverted[above + 2 * size + j]
                            - fourth * inverted[above + 3 * size + j];
                }
            }
            for (; k < i; k++) {
                for (int j = 0; j < width; j++) {
                    row[j] -= lower[i * size + k] * inverted[k * size + from + j];
                }
            }
            if (i < to) {
                row[i - from] = 1;
            }
            double diagonal = lower[i * size + i];
            for (int j = 0; j < width; j++) {
                inverted[i * size + from + j] = row[j] / diagonal;
            }
        }
    }

    /** What a number of a row becomes. */
    interface Nearest {
        float of(int row, int column, float value);
    }

    /**
     * Rounds some rows in place.
     *
     * @param rows {@code [count, size]}
     */
    void round(float[] rows, int first, int count, Nearest nearest) {
        double[] left = new double[count * size];
        for (int row = 0; row < count; row++) {
            for (int j = 0; j < size; j++) {
                left[row * size + j] = rows[(first + row) * size + order[j]];
            }
        }
        for (int j = 0; j < size; j++) {
            double diagonal = upper[j * size + j];
            for (int row = 0; row < count; row++) {
                double value = left[row * size + j];
                float rounded = nearest.of(first + row, order[j], (float) value);
                rows[(first + row) * size + order[j]] = rounded;
                makeUp((value - rounded) / diagonal, j, left, row * size);
            }
        }
    }

    private void makeUp(double error, int column, double[] left, int row) {
        int factors = column * size;
        for (int k = column + 1; k < size; k++) {
            left[row + k] -= error * upper[factors + k];
        }
    }
}
