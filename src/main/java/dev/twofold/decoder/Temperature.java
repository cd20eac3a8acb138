package dev.twofold.decoder;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;

/**
 * What queries are multiplied by further back in a text, so that scores over more keys stay as sharp (Nakanishi, 2025; as in Llama
 * 4 and Ministral 3): {@code 1 + weight * ln(1 + floor((position + offset) / every))}.
 *
 * @param every number of positions that it stays the same for
 * @param offset of the first position
 * @param positions number of positions, the context length
 */
public record Temperature(double weight, int every, int offset, int positions) {

    /** At a position, counted from 0. */
    public double at(long position) {
        return 1 + weight * Math.log(1 + (double) Math.floorDiv(position + offset, (long) every));
    }

    /** Whether it is 1 at every position. */
    public boolean idle() {
        return (long) positions - 1 + offset < every;
    }

    /** A row a position, {@code [positions, 1]}. */
    public Weight table() {
        return new Computed(Shape.of(positions, 1), new Table(this));
    }

    private record Table(Temperature temperature) implements Weight.Rows {

        @Override
        public String name() {
            return "temperatures of queries";
        }

        @Override
        public void fill(long position, float[] values) {
            values[0] = (float) temperature.at(position);
        }
    }
}
