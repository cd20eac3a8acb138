package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.Arrays;

/**
 * Cosines or sines of {@code position * frequency}, times a magnitude, a row a position.
 *
 * <p>A position is a multiple of {@value #BLOCK} and a rest. With the angles of both in tables, a row takes one product
 * of two complex numbers an element instead of a cosine; in float64 the difference is far below float32's precision.
 */
final class RotaryTable implements Weight.Rows {

    private static final int BLOCK = 256;

    private final double[] frequencies;
    private final boolean cosine;
    private final double magnitude;
    private final Angles blocks;
    private final Angles rests;

    RotaryTable(double[] frequencies, int positions, boolean cosine, double magnitude) {
        this.frequencies = frequencies.clone();
        this.cosine = cosine;
        this.magnitude = magnitude;
        this.blocks = Angles.of(frequencies, (positions + BLOCK - 1) / BLOCK, BLOCK);
        this.rests = Angles.of(frequencies, BLOCK, 1);
    }

    /** Cosines and sines, a row for each multiple of {@code spacing} positions. */
    private record Angles(double[][] cosines, double[][] sines) {

        static Angles of(double[] frequencies, int rows, int spacing) {
            double[][] cosines = new double[rows][frequencies.length];
            double[][] sines = new double[rows][frequencies.length];
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < frequencies.length; i++) {
                    double angle = (double) row * spacing * frequencies[i];
                    cosines[row][i] = Math.cos(angle);
                    sines[row][i] = Math.sin(angle);
                }
            }
            return new Angles(cosines, sines);
        }
    }

    @Override
    public String name() {
        return cosine ? "rotary cosines" : "rotary sines";
    }

    @Override
    public void fill(long position, float[] values) {
        int block = (int) (position / BLOCK);
        int rest = (int) (position % BLOCK);
        double[] cosA = blocks.cosines()[block];
        double[] sinA = blocks.sines()[block];
        double[] cosB = rests.cosines()[rest];
        double[] sinB = rests.sines()[rest];
        for (int i = 0; i < values.length; i++) {
            double value = cosine ? cosA[i] * cosB[i] - sinA[i] * sinB[i] : sinA[i] * cosB[i] + cosA[i] * sinB[i];
            values[i] = (float) (magnitude * value);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RotaryTable that
                && cosine == that.cosine
                && magnitude == that.magnitude
                && blocks.cosines().length == that.blocks.cosines().length
                && Arrays.equals(frequencies, that.frequencies);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(frequencies) + Boolean.hashCode(cosine);
    }
}
