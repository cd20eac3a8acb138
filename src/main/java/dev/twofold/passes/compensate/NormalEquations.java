package dev.twofold.passes.compensate;

import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import java.util.List;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_MT_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * Least squares for what inputs {@code X [tokens, n]} should make, or still lack: {@code E [tokens, m]}. Only sums over tokens are
 * kept, in float64, so memory does not depend on the text.
 */
final class NormalEquations implements LeastSquares<NormalEquations> {

    private final DecoderEngine engine;
    private final Products products;
    private final int inputs;
    private final int outputs;
    private final DMatrixRMaj gram;
    private final DMatrixRMaj cross;
    private double energy;
    private double reached;

    /** @param engine that computes products */
    NormalEquations(DecoderEngine engine, int inputs, int outputs) {
        this(engine, new DMatrixRMaj(inputs, inputs), new DMatrixRMaj(inputs, outputs));
    }

    private NormalEquations(DecoderEngine engine, DMatrixRMaj gram, DMatrixRMaj cross) {
        this.engine = engine;
        this.products = new Products(engine);
        this.inputs = gram.numCols;
        this.outputs = cross.numCols;
        this.gram = gram;
        this.cross = cross;
    }

    /**
     * Adds tokens.
     *
     * @param parts of X, side by side
     * @param residual E
     * @param judge what errors are to be judged by
     */
    void add(List<HiddenStates> parts, HiddenStates residual, HiddenStates judge) {
        int row = 0;
        for (int i = 0; i < parts.size(); i++) {
            HiddenStates left = parts.get(i);
            int column = row;
            for (HiddenStates right : parts.subList(i, parts.size())) {
                double[] product = product(left, right);
                addBlock(gram, row, column, product, left.hidden(), right.hidden());
                if (right != left) {
                    addTransposed(gram, column, row, product, left.hidden(), right.hidden());
                }
                column += right.hidden();
            }
            addBlock(cross, row, 0, product(left, residual), left.hidden(), outputs);
            row += left.hidden();
        }
        energy += residual.energy();
        reached += judge.energy();
    }

    /**
     * The sums for what E lacks when X makes {@code X W} of it already. Those over X are shared with these sums.
     *
     * @param weights W, {@code [n, m]}
     */
    NormalEquations less(DMatrixRMaj weights) {
        DMatrixRMaj made = products.of(gram, weights);
        NormalEquations rest = new NormalEquations(engine, gram, cross.copy());
        CommonOps_DDRM.subtractEquals(rest.cross, made);
        // What rounding leaves of an error of nothing may be below it.
        rest.energy = Math.max(0, energy + dot(weights, made) - 2 * dot(weights, cross));
        rest.reached = reached;
        return rest;
    }

    @Override
    public void add(NormalEquations other) {
        CommonOps_DDRM.addEquals(gram, other.gram);
        CommonOps_DDRM.addEquals(cross, other.cross);
        energy += other.energy;
        reached += other.reached;
    }

    private double[] product(HiddenStates left, HiddenStates right) {
        double[] sum = new double[Math.multiplyExact(left.hidden(), right.hidden())];
        engine.addProduct(left, right, sum);
        return sum;
    }

    private static void addBlock(DMatrixRMaj matrix, int row, int column, double[] block, int rows, int columns) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix.data[(row + i) * matrix.numCols + column + j] += block[i * columns + j];
            }
        }
    }

    /** Adds a block of so many rows and columns with the two exchanged. */
    private static void addTransposed(DMatrixRMaj matrix, int row, int column, double[] block, int rows, int columns) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix.data[(row + j) * matrix.numCols + column + i] += block[i * columns + j];
            }
        }
    }

    /** Mean of the diagonal of {@code X^T X}: the unit of a ridge. */
    double scale() {
        return CommonOps_DDRM.trace(gram) / inputs;
    }

    /**
     * The correction {@code D [n, m]} that minimizes {@code |E - X D|^2 + ridge * scale * |D|^2}, so that weights move no
     * further from what they were than the text asks for.
     *
     * <p>Inputs that are all zero have nothing to correct with, and get no correction.
     */
    @Override
    public DMatrixRMaj solve(double ridge) {
        DMatrixRMaj correction = new DMatrixRMaj(inputs, outputs);
        if (scale() == 0) {
            return correction;
        }
        DMatrixRMaj regular = gram.copy();
        double added = ridge * scale();
        for (int i = 0; i < inputs; i++) {
            regular.data[i * inputs + i] += added;
        }
        LinearSolverDense<DMatrixRMaj> cholesky = LinearSolverFactory_MT_DDRM.chol(inputs);
        if (!cholesky.setA(regular)) {
            throw new IllegalStateException("a sum of squares and a ridge that is not positive definite");
        }
        cholesky.solve(cross.copy(), correction);
        return correction;
    }

    @Override
    public double reached() {
        return reached;
    }

    /** {@code |E|^2}: the error as it is. */
    @Override
    public double error() {
        return energy;
    }

    /** {@code |E - X D|^2}: the error after a correction, perhaps one solved for on other tokens. */
    @Override
    public double error(DMatrixRMaj correction) {
        DMatrixRMaj applied = products.of(gram, correction);
        return energy + dot(correction, applied) - 2 * dot(correction, cross);
    }

    /**
     * The error after a correction as a projection {@code W [p, m]} sees it: {@code |(E - X D) W^T|^2}.
     *
     * @param targets {@code E^T E}
     */
    double error(DMatrixRMaj correction, DMatrixRMaj projection, DMatrixRMaj targets) {
        DMatrixRMaj applied = products.of(gram, correction);
        CommonOps_DDRM.addEquals(applied, -2, cross);
        DMatrixRMaj rest = targets.copy();
        CommonOps_DDRM.addEquals(rest, products.of(CommonOps_DDRM.transpose(correction, null), applied));
        return dot(products.of(projection, rest), projection);
    }

    /** Sum of the products of corresponding elements. */
    static double dot(DMatrixRMaj left, DMatrixRMaj right) {
        double sum = 0;
        for (int i = 0; i < left.data.length; i++) {
            sum += left.data[i] * right.data[i];
        }
        return sum;
    }
}
