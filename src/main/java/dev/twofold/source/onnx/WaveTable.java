package dev.twofold.source.onnx;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import java.util.List;

/**
 * Cosines or sines that a graph computes of positions, as the table that another graph would have.
 *
 * @param frequencies in radians a position
 * @param factor of all
 */
record WaveTable(List<Float> frequencies, boolean sine, double factor) implements Weight.Rows {

    /** No text is longer. */
    static final int POSITIONS = 1 << 20;

    WaveTable {
        frequencies = List.copyOf(frequencies);
    }

    Weight table() {
        return new Computed(Shape.of(POSITIONS, frequencies.size()), this);
    }

    @Override
    public String name() {
        return (sine ? "sines" : "cosines") + " of positions";
    }

    @Override
    public void fill(long row, float[] values) {
        for (int pair = 0; pair < values.length; pair++) {
            double angle = row * (double) frequencies.get(pair);
            values[pair] = (float) (factor * (sine ? Math.sin(angle) : Math.cos(angle)));
        }
    }

    /** Whether a table is one that a graph computes, so that its length says nothing. */
    static boolean is(Weight table) {
        return table instanceof Computed computed && computed.rows() instanceof WaveTable;
    }
}
