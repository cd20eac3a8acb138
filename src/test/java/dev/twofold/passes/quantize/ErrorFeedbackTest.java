package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;

/** The feedback against its definition: after each column, the least squares of the products in those that are left. */
final class ErrorFeedbackTest {

    private static final int SIZE = 40;
    private static final int TOKENS = 200;
    private static final int ROWS = 9;

    private final Random random = new Random(3);
    private final double[][] inputs = inputs();

    /** Inputs that lean on one another, some much larger than others, and one of nothing. */
    private double[][] inputs() {
        double[][] made = new double[TOKENS][SIZE];
        for (double[] token : made) {
            double common = random.nextGaussian();
            for (int i = 0; i < SIZE; i++) {
                token[i] = i == 7 ? 0 : (common + random.nextGaussian()) * Math.exp(i % 5 - 2);
            }
        }
        return made;
    }

    private InputProducts products() {
        InputProducts products = InputProducts.of(SIZE);
        for (double[] token : inputs) {
            for (int i = 0; i < SIZE; i++) {
                for (int j = 0; j < SIZE; j++) {
                    products.sums()[i * SIZE + j] += token[i] * token[j];
                }
            }
        }
        return products;
    }

    private float[] rows() {
        float[] rows = new float[ROWS * SIZE];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return rows;
    }

    private static float nearest(float value) {
        return Math.round(value * 2) / 2f;
    }

    /** What is left is refitted in whole after every column, by a matrix that is inverted anew. */
    private float[] byDefinition(float[] rows) {
        double[] sums = products().sums();
        double mean =
                IntStream.range(0, SIZE).mapToDouble(i -> sums[i * SIZE + i]).sum() / SIZE;
        float[] result = new float[rows.length];
        for (int row = 0; row < ROWS; row++) {
            double[] left = new double[SIZE];
            for (int i = 0; i < SIZE; i++) {
                left[i] = rows[row * SIZE + i];
            }
            List<Integer> open = new ArrayList<>(IntStream.range(0, SIZE)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -sums[i * SIZE + i]))
                    .toList());
            while (!open.isEmpty()) {
                int count = open.size();
                DMatrixRMaj inverse = new DMatrixRMaj(count, count);
                for (int i = 0; i < count; i++) {
                    for (int j = 0; j < count; j++) {
                        inverse.set(i, j, sums[open.get(i) * SIZE + open.get(j)] + (i == j ? 0.01 * mean : 0));
                    }
                }
                CommonOps_DDRM.invert(inverse);
                int column = open.remove(0);
                result[row * SIZE + column] = nearest((float) left[column]);
                double lost = left[column] - result[row * SIZE + column];
                for (int k = 1; k < count; k++) {
                    left[open.get(k - 1)] -= lost / inverse.get(0, 0) * inverse.get(0, k);
                }
            }
        }
        return result;
    }

    private double missed(float[] rows, float[] rounded) {
        double sum = 0;
        for (double[] token : inputs) {
            for (int row = 0; row < ROWS; row++) {
                double product = 0;
                for (int i = 0; i < SIZE; i++) {
                    product += token[i] * (rows[row * SIZE + i] - rounded[row * SIZE + i]);
                }
                sum += product * product;
            }
        }
        return sum;
    }

    @Test
    void every_error_is_made_up_for_as_well_as_the_columns_that_are_left_can() {
        float[] rows = rows();
        float[] rounded = rows.clone();
        new ErrorFeedback(products()).round(rounded, 0, ROWS, (row, column, value) -> nearest(value));
        assertThat(rounded).containsExactly(byDefinition(rows), within(1e-6f));
    }

    @Test
    void products_are_missed_by_less_than_two_thirds_of_what_rounding_to_the_nearest_misses() {
        float[] rows = rows();
        float[] rounded = rows.clone();
        float[] plain = rows.clone();
        new ErrorFeedback(products()).round(rounded, 0, ROWS, (row, column, value) -> nearest(value));
        for (int i = 0; i < plain.length; i++) {
            plain[i] = nearest(plain[i]);
        }
        assertThat(missed(rows, rounded)).isLessThan(missed(rows, plain) * 2 / 3);
    }

    @Test
    void rows_do_not_depend_on_those_beside_them() {
        float[] together = rows();
        float[] apart = together.clone();
        ErrorFeedback feedback = new ErrorFeedback(products());
        feedback.round(together, 0, ROWS, (row, column, value) -> nearest(value));
        for (int row = ROWS - 1; row >= 0; row--) {
            feedback.round(apart, row, 1, (of, column, value) -> nearest(value));
        }
        assertThat(apart).containsExactly(together);
    }
}
