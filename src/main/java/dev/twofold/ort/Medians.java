package dev.twofold.ort;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Medians, how sure of them one can be, and geometric means. */
final class Medians {

    /** How often an interval may miss the median. */
    private static final double DOUBT = 0.05;

    private Medians() {}

    static double of(double[] values) {
        double[] sorted = sorted(values);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The median of the means of every two values, and of every one with itself: nearly as steady as the mean where values are as usual, and
     * as little moved as a median by one that is far off (Hodges and Lehmann, 1963).
     */
    static double ofPairs(double[] values) {
        return of(IntStream.range(0, values.length)
                .boxed()
                .flatMapToDouble(i -> IntStream.rangeClosed(0, i).mapToDouble(j -> (values[i] + values[j]) / 2))
                .toArray());
    }

    /**
     * How many values at each end lie outside an interval that holds the median of all values there could be, 95 times of
     * 100: each value is above that median or below it as heads and tails are. Of few values, none.
     */
    static int outside(int values) {
        double[] chances = new double[values + 1];
        chances[0] = Math.pow(0.5, values);
        for (int k = 1; k <= values; k++) {
            chances[k] = chances[k - 1] * (values - k + 1) / k;
        }
        int outside = 0;
        double missed = 2 * chances[0];
        while (missed + 2 * chances[outside + 1] <= DOUBT) {
            outside++;
            missed += 2 * chances[outside];
        }
        return outside;
    }

    /** Of numbers that are not negative. */
    static double geometricMean(double[] values) {
        return Math.exp(Arrays.stream(values).map(Math::log).average().orElseThrow());
    }

    static double[] sorted(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}
