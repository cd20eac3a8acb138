package dev.twofold.passes.compensate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.weight.WeightEvaluator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The fit against its definition, written out in float64 over the tokens themselves. */
final class NormalEquationsTest {

    private static final int TOKENS = 60;
    private static final int WINDOWS = 3;
    private static final int OUTPUTS = 4;

    private static MappedFiles files;
    private static DecoderEngine engine;

    private final Random random = new Random(7);
    private final HiddenStates left = random(5);
    private final HiddenStates right = random(3);

    @BeforeAll
    static void open() {
        files = new MappedFiles();
        engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), Provider.CPU, 0);
    }

    @AfterAll
    static void close() {
        engine.close();
        files.close();
    }

    private HiddenStates random(int width) {
        List<float[]> windows = new ArrayList<>();
        for (int window = 0; window < WINDOWS; window++) {
            float[] values = new float[TOKENS * width];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            windows.add(values);
        }
        return new HiddenStates(windows, width);
    }

    private NormalEquations sums(HiddenStates residual) {
        NormalEquations equations = new NormalEquations(engine, 8, OUTPUTS);
        equations.add(List.of(left, right), residual, residual);
        return equations;
    }

    @Test
    void the_correction_is_the_exact_ridge_solution() {
        HiddenStates residual = random(OUTPUTS);
        double ridge = 0.03;
        double[][] inputs = inputs();
        double scale = 0;
        double[][] normal = new double[8][8 + OUTPUTS];
        for (double[] token : inputs) {
            for (int i = 0; i < 8; i++) {
                scale += token[i] * token[i] / 8;
            }
        }
        for (int t = 0; t < inputs.length; t++) {
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < 8; j++) {
                    normal[i][j] += inputs[t][i] * inputs[t][j];
                }
                for (int k = 0; k < OUTPUTS; k++) {
                    normal[i][8 + k] += inputs[t][i] * at(residual, t, k);
                }
            }
        }
        for (int i = 0; i < 8; i++) {
            normal[i][i] += ridge * scale;
        }
        eliminate(normal);

        DMatrixRMaj correction = sums(residual).solve(ridge);
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < OUTPUTS; k++) {
                // Products of two thousand tokens at most are in float32.
                assertThat(correction.get(i, k)).isEqualTo(normal[i][8 + k], within(1e-6));
            }
        }
    }

    @Test
    void a_linear_relation_is_found_again() {
        double[][] truth = new double[8][OUTPUTS];
        for (double[] row : truth) {
            for (int k = 0; k < OUTPUTS; k++) {
                // Multiples of a power of two, so that the residual below is exact in float32.
                row[k] = Math.round(random.nextGaussian() * 4) / 4.0;
            }
        }
        HiddenStates coarseLeft = coarse(left);
        HiddenStates coarseRight = coarse(right);
        NormalEquations equations = new NormalEquations(engine, 8, OUTPUTS);
        HiddenStates residual = applied(coarseLeft, coarseRight, truth);
        equations.add(List.of(coarseLeft, coarseRight), residual, residual);
        DMatrixRMaj correction = equations.solve(1e-13);
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < OUTPUTS; k++) {
                assertThat(correction.get(i, k)).isEqualTo(truth[i][k], within(1e-8));
            }
        }
        assertThat(equations.error(correction)).isEqualTo(0, within(1e-8));
    }

    @Test
    void errors_from_sums_are_those_over_the_tokens() {
        HiddenStates residual = random(OUTPUTS);
        DMatrixRMaj correction = sums(random(OUTPUTS)).solve(0.1);
        double before = 0;
        double after = 0;
        double[][] inputs = inputs();
        for (int t = 0; t < inputs.length; t++) {
            for (int k = 0; k < OUTPUTS; k++) {
                double rest = at(residual, t, k);
                before += rest * rest;
                for (int i = 0; i < 8; i++) {
                    rest -= inputs[t][i] * correction.get(i, k);
                }
                after += rest * rest;
            }
        }
        assertThat(sums(residual).error()).isEqualTo(before, within(1e-8 * before));
        assertThat(sums(residual).error(correction)).isEqualTo(after, within(1e-8 * after));
    }

    @Test
    void what_weights_make_already_is_taken_off_the_sums() {
        double[][] weights = new double[8][OUTPUTS];
        DMatrixRMaj matrix = new DMatrixRMaj(8, OUTPUTS);
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < OUTPUTS; k++) {
                weights[i][k] = random.nextGaussian();
                matrix.set(i, k, weights[i][k]);
            }
        }
        HiddenStates lacking = random(OUTPUTS);
        NormalEquations all = sums(lacking.plus(applied(left, right, weights)));
        NormalEquations rest = all.less(matrix);
        NormalEquations direct = sums(lacking);
        assertThat(rest.error()).isEqualTo(direct.error(), within(1e-5 * direct.error()));
        assertThat(rest.reached()).isEqualTo(all.error());
        DMatrixRMaj expected = direct.solve(0.01);
        DMatrixRMaj correction = rest.solve(0.01);
        for (int i = 0; i < expected.data.length; i++) {
            assertThat(correction.data[i]).isEqualTo(expected.data[i], within(1e-5));
        }
    }

    @Test
    void a_larger_ridge_moves_weights_less() {
        NormalEquations equations = sums(random(OUTPUTS));
        assertThat(norm(equations.solve(1))).isLessThan(norm(equations.solve(0.01)));
    }

    @Test
    void a_fit_that_does_not_hold_on_other_tokens_is_dropped() {
        NormalEquations noise = sums(random(OUTPUTS));
        NormalEquations other = new NormalEquations(engine, 8, OUTPUTS);
        HiddenStates fresh = random(5);
        HiddenStates residual = random(OUTPUTS);
        other.add(List.of(fresh, random(3)), residual, residual);
        RidgeChoice choice = RidgeChoice.best(List.of(1e-6, 1e-4), noise::solve, other::error, other.error());
        assertThat(choice.dropped()).isTrue();
        assertThat(choice.heldOut()).isEqualTo(other.error());
        assertThat(choice.onAll(noise).dropped()).isTrue();
    }

    @Test
    void sums_over_two_texts_are_those_of_both() {
        HiddenStates residual = random(OUTPUTS);
        NormalEquations whole = sums(residual);
        NormalEquations first = new NormalEquations(engine, 8, OUTPUTS);
        NormalEquations second = new NormalEquations(engine, 8, OUTPUTS);
        first.add(List.of(part(left, 0, 1), part(right, 0, 1)), part(residual, 0, 1), part(residual, 0, 1));
        second.add(List.of(part(left, 1, 3), part(right, 1, 3)), part(residual, 1, 3), part(residual, 1, 3));
        DMatrixRMaj alone = first.solve(0.01);
        first.add(second);
        assertThat(first.error()).isEqualTo(whole.error(), within(1e-9 * whole.error()));
        assertThat(first.reached()).isEqualTo(whole.reached(), within(1e-9 * whole.reached()));
        assertThat(distance(first.solve(0.01), whole.solve(0.01))).isLessThan(1e-5);
        assertThat(distance(alone, whole.solve(0.01))).isGreaterThan(1e-2);
    }

    @Test
    void what_was_held_out_is_fitted_to_once_the_ridge_is_chosen() {
        double[][] made = new double[8][OUTPUTS];
        made[0][0] = 1;
        NormalEquations fitted = sums(random(OUTPUTS).plus(applied(left, right, made)));
        NormalEquations heldOut = sums(random(OUTPUTS).plus(applied(left, right, made)));
        RidgeChoice choice = RidgeChoice.best(List.of(0.1), fitted, heldOut);
        fitted.add(heldOut);
        RidgeChoice whole = choice.onAll(fitted);
        assertThat(whole.ridge()).isEqualTo(0.1);
        assertThat(whole.heldOut()).isEqualTo(choice.heldOut());
        assertThat(whole.correction().data).isEqualTo(fitted.solve(0.1).data).isNotEqualTo(choice.correction().data);
    }

    private static HiddenStates part(HiddenStates states, int from, int to) {
        return new HiddenStates(states.windows().subList(from, to), states.hidden());
    }

    private static double distance(DMatrixRMaj one, DMatrixRMaj other) {
        double most = 0;
        for (int i = 0; i < one.data.length; i++) {
            most = Math.max(most, Math.abs(one.data[i] - other.data[i]));
        }
        return most;
    }

    private double[][] inputs() {
        double[][] inputs = new double[WINDOWS * TOKENS][8];
        for (int t = 0; t < inputs.length; t++) {
            for (int i = 0; i < 8; i++) {
                inputs[t][i] = i < 5 ? at(left, t, i) : at(right, t, i - 5);
            }
        }
        return inputs;
    }

    private static double at(HiddenStates states, int token, int column) {
        return states.windows().get(token / TOKENS)[token % TOKENS * states.hidden() + column];
    }

    private static HiddenStates coarse(HiddenStates states) {
        List<float[]> windows = new ArrayList<>();
        for (float[] window : states.windows()) {
            float[] rounded = new float[window.length];
            for (int i = 0; i < rounded.length; i++) {
                rounded[i] = Math.round(window[i] * 64) / 64f;
            }
            windows.add(rounded);
        }
        return new HiddenStates(windows, states.hidden());
    }

    private static HiddenStates applied(HiddenStates left, HiddenStates right, double[][] matrix) {
        List<float[]> windows = new ArrayList<>();
        for (int window = 0; window < WINDOWS; window++) {
            float[] values = new float[TOKENS * OUTPUTS];
            for (int t = 0; t < TOKENS; t++) {
                for (int k = 0; k < OUTPUTS; k++) {
                    double sum = 0;
                    for (int i = 0; i < 8; i++) {
                        int token = window * TOKENS + t;
                        sum += matrix[i][k] * (i < 5 ? at(left, token, i) : at(right, token, i - 5));
                    }
                    values[t * OUTPUTS + k] = (float) sum;
                }
            }
            windows.add(values);
        }
        return new HiddenStates(windows, OUTPUTS);
    }

    private static double norm(DMatrixRMaj matrix) {
        double sum = 0;
        for (double value : matrix.data) {
            sum += value * value;
        }
        return sum;
    }

    /** Gauss-Jordan elimination with partial pivoting, in place; the solutions are left in the last columns. */
    private static void eliminate(double[][] rows) {
        int n = rows.length;
        for (int pivot = 0; pivot < n; pivot++) {
            int largest = pivot;
            for (int row = pivot; row < n; row++) {
                largest = Math.abs(rows[row][pivot]) > Math.abs(rows[largest][pivot]) ? row : largest;
            }
            double[] swapped = rows[pivot];
            rows[pivot] = rows[largest];
            rows[largest] = swapped;
            for (int row = 0; row < n; row++) {
                double factor = row == pivot ? 0 : rows[row][pivot] / rows[pivot][pivot];
                for (int column = 0; column < rows[row].length; column++) {
                    rows[row][column] -= factor * rows[pivot][column];
                }
            }
        }
        for (int row = 0; row < n; row++) {
            for (int column = n; column < rows[row].length; column++) {
                rows[row][column] /= rows[row][row];
            }
        }
    }
}
