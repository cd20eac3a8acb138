package dev.twofold.ort;

/**
 * How much faster one model is than another, by rounds in which both were timed.
 *
 * @param median of the rounds' ratios, as the means of every two of them show it
 * @param low with {@code high}, where that median lies 95 times of 100; of fewer than six rounds, all ratios
 */
public record Speedup(double median, double low, double high) {

    /** @param other seconds of each round, as many as of the one that is compared with it */
    static Speedup of(double[] other, double[] own) {
        double[] ratios = new double[own.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = other[i] / own[i];
        }
        double[] pairs = Medians.ofPairs(ratios);
        int outside = Medians.pairsOutside(ratios.length);
        return new Speedup(Medians.of(pairs), pairs[outside], pairs[pairs.length - 1 - outside]);
    }

    /** How far from one a model is seen to be that differs in nothing. */
    public double noise() {
        return Math.max(Math.abs(high - 1), Math.abs(low - 1));
    }

    /**
     * Whether there is a difference at all.
     *
     * @param noise of a model that differs in nothing
     */
    public boolean differs(double noise) {
        return Math.abs(median - 1) > noise && (low > 1 || high < 1);
    }
}
