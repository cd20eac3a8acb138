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
        // Column by column of the inverse would walk through memory in leaps; so row i is made of the rows above it.
        for (int i = 0; i < size; i++) {
            double[] row = new double[i + 1];
            for (int k = 0; k < i; k++) {
                double factor = lower.data[i * size + k];
                int above = k * size;
                for (int j = 0; j <= k; j++) {
                    row[j] -= factor * inverted[above + j];
                }
            }
            double diagonal = lower.data[i * size + i];
            row[i] = 1;
            for (int j = 0; j <= i; j++) {
                inverted[i * size + j] = row[j] / diagonal;
            }
        }
        double[] turned = new double[size * size];
        for (int i = 0; i < inverted.length; i++) {
            turned[inverted.length - 1 - i] = inverted[i];
        }
        return turned;
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
