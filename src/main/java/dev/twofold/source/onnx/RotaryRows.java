package dev.twofold.source.onnx;

import dev.twofold.decoder.Rotary;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.WeightEvaluator;
import dev.twofold.weight.Weights;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Some rows of the tables of rotary positions: the first, those of powers of two, and others all along.
 *
 * @param cosines by position
 * @param slack what a number may be off, because it is rounded to the type of the tables
 */
record RotaryRows(SortedMap<Integer, float[]> cosines, SortedMap<Integer, float[]> sines, double slack) {

    private static final int FIRST = 16;
    private static final int ALONG = 256;

    private static final double EXACT = 1e-6;

    /** Exporters compute angles in float32, whose error grows with the angle. */
    private static final double ANGLE = 5e-7;

    /** @param positions of the tables that are looked at */
    static RotaryRows read(Turn turn, int positions, WeightEvaluator numbers) {
        SortedMap<Integer, float[]> cosines = new TreeMap<>();
        SortedMap<Integer, float[]> sines = new TreeMap<>();
        for (int position = 0; position < positions; position++) {
            boolean told = position < FIRST
                    || Integer.bitCount(position) == 1
                    || position % Math.max(1, positions / ALONG) == 0
                    || position == positions - 1;
            if (told) {
                cosines.put(position, row(turn.cosines(), position, numbers));
                sines.put(position, row(turn.sines(), position, numbers));
            }
        }
        return new RotaryRows(cosines, sines, slack(turn.cosines(), cosines));
    }

    private static float[] row(Weight table, int position, WeightEvaluator numbers) {
        return numbers.read(Weights.slice(table, 0, position, position + 1L));
    }

    /** Of tables that stand inside of nodes, only the numbers say what type they had. */
    private static double slack(Weight table, SortedMap<Integer, float[]> cosines) {
        boolean halves = cosines.values().stream().allMatch(RotaryRows::isHalf);
        DType type = table instanceof Stored stored ? stored.dtype() : halves ? DType.F16 : DType.F32;
        return Map.of(DType.F16, 1e-3, DType.BF16, 8e-3).getOrDefault(type, EXACT);
    }

    private static boolean isHalf(float[] row) {
        for (float value : row) {
            if (Float16.toFloat(Float16.fromFloat(value)) != value) {
                return false;
            }
        }
        return true;
    }

    double cosine(int position, int pair) {
        return value(cosines, position)[pair];
    }

    double sine(int position, int pair) {
        return value(sines, position)[pair];
    }

    private static float[] value(SortedMap<Integer, float[]> rows, int position) {
        float[] row = rows.get(position);
        if (row == null) {
            throw new IllegalArgumentException("no row of position " + position);
        }
        return row;
    }

    /** Whether the tables are of 16 bits, so that every number is off by more than the arithmetic that made it. */
    boolean isRounded() {
        return slack > EXACT;
    }

    /** What cosines and sines are multiplied by, from all rows together. */
    double meanSize() {
        return cosines.keySet().stream()
                .flatMapToDouble(position -> IntStream.range(0, pairs())
                        .mapToDouble(pair -> Math.hypot(cosine(position, pair), sine(position, pair))))
                .average()
                .orElse(1);
    }

    int pairs() {
        return value(cosines, 0).length;
    }

    /** Whether these are rows of the tables that rotary positions have. */
    boolean fit(Rotary rotary) {
        double magnitude = rotary.scaling().magnitude();
        for (int pair = 0; pair < pairs(); pair++) {
            double frequency = rotary.frequency(pair);
            for (int position : cosines.keySet()) {
                double angle = position * frequency;
                double allowed = magnitude * (slack + ANGLE * Math.abs(angle));
                boolean near = Math.abs(magnitude * Math.cos(angle) - cosine(position, pair)) <= allowed
                        && Math.abs(magnitude * Math.sin(angle) - sine(position, pair)) <= allowed;
                if (!near) {
                    return false;
                }
            }
        }
        return true;
    }
}
