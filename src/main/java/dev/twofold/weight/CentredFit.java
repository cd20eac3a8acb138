package dev.twofold.weight;

/**
 * Finds the scale for which {@code scale * n}, with n on both sides of zero, comes nearest to some numbers, each counting by
 * its square. It tries inverse scales around the one at which the number of the largest magnitude is the last n.
 */
final class CentredFit {

    private static final float NOTHING = 1e-15f;
    private static final float STEP = 0.1f;
    private static final int STEPS = 9;

    private CentredFit() {}

    /**
     * @param most n is at least its negative, and below it
     * @param numbers n plus {@code most} goes to {@code to} and after
     * @return the scale, of either sign; 0 if all numbers are
     */
    static float fit(float[] values, int from, int count, int most, int[] numbers, int to) {
        float extreme = 0;
        for (int i = 0; i < count; i++) {
            if (Math.abs(values[from + i]) > Math.abs(extreme)) {
                extreme = values[from + i];
            }
        }
        if (Math.abs(extreme) < NOTHING) {
            for (int i = 0; i < count; i++) {
                numbers[to + i] = 0;
            }
            return 0;
        }
        float scale = 0;
        float best = 0;
        // The inverse scale without a shift is first, and the others have to be better.
        for (int trial = 0; trial <= 2 * STEPS; trial++) {
            int step = trial == 0 ? 0 : trial <= STEPS ? trial - STEPS - 1 : trial - STEPS;
            float inverse = trial == 0 ? -most / extreme : -(most + STEP * step) / extreme;
            float products = 0;
            float squares = 0;
            for (int i = 0; i < count; i++) {
                float value = values[from + i];
                int number = number(inverse * value, most);
                float weight = value * value;
                products += weight * value * number;
                squares += weight * number * number;
            }
            boolean better = trial == 0 || squares > 0 && products * products > best * squares;
            if (better) {
                for (int i = 0; i < count; i++) {
                    numbers[to + i] = number(inverse * values[from + i], most) + most;
                }
                scale = squares == 0 ? 0 : products / squares;
                best = scale * products;
            }
        }
        return scale;
    }

    private static int number(float value, int most) {
        return BlockRounder.limited(BlockRounder.nearest(value), -most, most - 1);
    }
}
