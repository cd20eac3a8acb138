package dev.twofold.families;

import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The tensors of a checkpoint by name, in float64, each decoded once. */
final class Tensors {

    private final StoredTensors stored;
    private final Map<String, double[][]> decoded = new HashMap<>();

    Tensors(Path file) {
        try {
            stored = StoredTensors.of(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean has(String name) {
        return stored.has(name);
    }

    /** {@code [rows][columns]}; a vector is one row, and of more dimensions all but the last are rows. */
    double[][] matrix(String name) {
        return decoded.computeIfAbsent(name, this::decode);
    }

    double[] vector(String name) {
        return matrix(name)[0];
    }

    /** Empty if there is no such tensor. */
    double[] vectorIfAny(String name) {
        return has(name) ? vector(name) : new double[0];
    }

    /** Some rows of a matrix. */
    double[][] rows(String name, int from, int to) {
        return Arrays.copyOfRange(matrix(name), from, to);
    }

    double[][] transposed(String name) {
        double[][] matrix = matrix(name);
        double[][] result = new double[matrix[0].length][matrix.length];
        for (int row = 0; row < matrix.length; row++) {
            for (int column = 0; column < result.length; column++) {
                result[column][row] = matrix[row][column];
            }
        }
        return result;
    }

    private double[][] decode(String name) {
        if (!has(name)) {
            throw new AssertionError("the checkpoint has no tensor " + name);
        }
        long[] shape = stored.shape(name);
        long count = Arrays.stream(shape, 0, Math.max(0, shape.length - 1)).reduce(1, Math::multiplyExact);
        double[][] rows = new double[(int) count][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = stored.row(name, row);
        }
        return rows;
    }
}
