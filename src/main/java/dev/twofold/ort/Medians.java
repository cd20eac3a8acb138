package dev.twofold.ort;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Medians, how sure of them one can be, and geometric means. */
final class Medians {

    /** How often an interval may miss the median. */
    private static final double DOUBT = 0.05;

    private Medians() {}

    static double of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The geometric means of every two ratios and of every one with itself, in order. Their median is nearly as steady as the mean where values are
     * as usual, and as little moved as a median by one that is far off (Hodges and Lehmann, 1963).
     */
    static double[] ofPairs(double[] ratios) {
        return IntStream.range(0, ratios.length)
                .boxed()
                .flatMapToDouble(i -> IntStream.rangeClosed(0, i).mapToDouble(j -> Math.sqrt(ratios[i] * ratios[j])))
                .sorted()
                .toArray();
    }

    /**
     * How many means of pairs at each end lie outside an interval that holds the median of all values there could be, 95 times of 100, if
     * values are as often above it as below: the sums of ranks by which Wilcoxon (1945) tells two things apart. Of fewer than
     * six values, none.
     */
    static int pairsOutside(int values) {
        double[] chances = signedRanks(values);
        int outside = 0;
        double missed = 2 * chances[0];
        while (outside + 1 < chances.length && missed + 2 * chances[outside + 1] <= DOUBT) {
            outside++;
            missed += 2 * chances[outside];
        }
        return outside;
    }

    /** How likely each sum is of those of the ranks from 1 that fall heads. */
    private static double[] signedRanks(int values) {
        double[] chances = new double[values * (values + 1) / 2 + 1];
        chances[0] = 1;
        for (int rank = 1; rank <= values; rank++) {
            for (int sum = rank * (rank + 1) / 2; sum >= 0; sum--) {
                chances[sum] = (chances[sum] + (sum >= rank ? chances[sum - rank] : 0)) / 2;
            }
        }
        return chances;
    }

    /** Of numbers that are not negative. */
    static double geometricMean(double[] values) {
        return Math.exp(Arrays.stream(values).map(Math::log).average().orElseThrow());
    }
}
