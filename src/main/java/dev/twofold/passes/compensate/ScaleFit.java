package dev.twofold.passes.compensate;

import dev.twofold.execution.HiddenStates;
import java.util.List;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Least squares for one factor a channel and branch: the {@code s} that minimize {@code |E - sum of s_i f_i|^2} in every channel by
 * itself, where f_i is what branch i adds to the stream and E what the stream still lacks. Needs a few sums a channel
 * where a refit of the projections needs a matrix of all their inputs.
 */
final class ScaleFit implements LeastSquares<ScaleFit> {

    private final int branches;
    private final int channels;
    /** By channel, {@code [branches, branches]}. */
    private final double[][] gram;
    /** By channel and branch. */
    private final double[][] cross;

    private double energy;
    private double reached;

    ScaleFit(int branches, int channels) {
        this.branches = branches;
        this.channels = channels;
        this.gram = new double[channels][branches * branches];
        this.cross = new double[channels][branches];
    }

    /**
     * Adds tokens.
     *
     * @param added what each branch adds, {@code [tokens, channels]}
     * @param wanted what all together should add
     */
    void add(List<HiddenStates> added, HiddenStates wanted) {
        HiddenStates residual = wanted;
        for (HiddenStates addition : added) {
            residual = residual.minus(addition);
        }
        reached += wanted.energy();
        for (int window = 0; window < residual.windows().size(); window++) {
            float[] lacking = residual.windows().get(window);
            for (int at = 0; at < lacking.length; at++) {
                int channel = at % channels;
                for (int i = 0; i < branches; i++) {
                    double left = added.get(i).windows().get(window)[at];
                    cross[channel][i] += left * lacking[at];
                    for (int j = 0; j < branches; j++) {
                        gram[channel][i * branches + j] +=
                                left * added.get(j).windows().get(window)[at];
                    }
                }
                energy += (double) lacking[at] * lacking[at];
            }
        }
    }

    @Override
    public void add(ScaleFit other) {
        addTo(gram, other.gram);
        addTo(cross, other.cross);
        energy += other.energy;
        reached += other.reached;
    }

    private static void addTo(double[][] sums, double[][] others) {
        for (int row = 0; row < sums.length; row++) {
            for (int i = 0; i < sums[row].length; i++) {
                sums[row][i] += others[row][i];
            }
        }
    }

    /** The factors less one, {@code [channels, branches]}, for a ridge in units of the mean squared f. */
    @Override
    public DMatrixRMaj solve(double ridge) {
        DMatrixRMaj factors = new DMatrixRMaj(channels, branches);
        for (int channel = 0; channel < channels; channel++) {
            DMatrixRMaj regular = new DMatrixRMaj(branches, branches, true, gram[channel].clone());
            double scale = CommonOps_DDRM.trace(regular) / branches;
            for (int i = 0; i < branches; i++) {
                regular.add(i, i, ridge * scale);
            }
            DMatrixRMaj solved = new DMatrixRMaj(branches, 1);
            if (scale > 0
                    && CommonOps_DDRM.solve(
                            regular, new DMatrixRMaj(branches, 1, true, cross[channel].clone()), solved)) {
                System.arraycopy(solved.data, 0, factors.data, channel * branches, branches);
            }
        }
        return factors;
    }

    @Override
    public double reached() {
        return reached;
    }

    @Override
    public double error() {
        return energy;
    }

    /** The error after a correction, perhaps one solved for on other tokens. */
    @Override
    public double error(DMatrixRMaj factors) {
        double sum = energy;
        for (int channel = 0; channel < channels; channel++) {
            for (int i = 0; i < branches; i++) {
                double left = factors.get(channel, i);
                sum -= 2 * left * cross[channel][i];
                for (int j = 0; j < branches; j++) {
                    sum += left * gram[channel][i * branches + j] * factors.get(channel, j);
                }
            }
        }
        return sum;
    }

    /** The rows of a last projection, each times its factor. */
    static void apply(DMatrixRMaj factors, int branch, DMatrixRMaj projection) {
        for (int row = 0; row < projection.numRows; row++) {
            double factor = 1 + factors.get(row, branch);
            for (int column = 0; column < projection.numCols; column++) {
                projection.set(row, column, factor * projection.get(row, column));
            }
        }
    }
}
