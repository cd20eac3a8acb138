package dev.twofold.weight;

/**
 * Finds the scale and the least number for which {@code scale * n + least}, with n from 0 on, comes nearest to some numbers,
 * larger ones counting more. It tries inverse scales around the one that spans the numbers, and for each the scale and the
 * least number that fit its whole numbers best by least squares. The least number is zero or below.
 */
final class ShiftedFit {

    private static final int COUNT = 32;
    private static final float STEP = 0.1f;

    private final int most;
    private final float first;
    private final int steps;
    private final float[] weights = new float[COUNT];
    private final int[] tried = new int[COUNT];
    private float scale;
    private float least;
    private float error;

    /**
     * @param most the largest n
     * @param first what is added to it for the first inverse scale that is tried
     * @param steps inverse scales that are tried after that
     */
    ShiftedFit(int most, float first, int steps) {
        this.most = most;
        this.first = first;
        this.steps = steps;
    }

    int most() {
        return most;
    }

    float scale() {
        return scale;
    }

    float least() {
        return least;
    }

    /** @param numbers the whole numbers go to {@code to} and after */
    void fit(float[] values, int from, int[] numbers, int to) {
        float sumOfWeights = weigh(values, from);
        least = Math.min(values[from], 0);
        float greatest = values[from];
        float sum = weights[0] * values[from];
        for (int i = 1; i < COUNT; i++) {
            least = Math.min(least, values[from + i]);
            greatest = Math.max(greatest, values[from + i]);
            sum += weights[i] * values[from + i];
        }
        if (greatest == least) {
            scale = 0;
            for (int i = 0; i < COUNT; i++) {
                numbers[to + i] = 0;
            }
            return;
        }
        float inverse = most / (greatest - least);
        scale = 1 / inverse;
        count(values, from, inverse);
        error = error(values, from, scale, least);
        System.arraycopy(tried, 0, numbers, to, COUNT);
        for (int step = 0; step <= steps; step++) {
            count(values, from, (first + STEP * step + most) / (greatest - least));
            improve(values, from, sumOfWeights, sum, numbers, to);
        }
    }

    private float weigh(float[] values, int from) {
        float squares = 0;
        for (int i = 0; i < COUNT; i++) {
            squares += values[from + i] * values[from + i];
        }
        float mean = (float) Math.sqrt(squares / COUNT);
        float sum = 0;
        for (int i = 0; i < COUNT; i++) {
            weights[i] = mean + Math.abs(values[from + i]);
            sum += weights[i];
        }
        return sum;
    }

    /** The whole numbers that a scale makes of what is above the least number so far. */
    private void count(float[] values, int from, float inverse) {
        for (int i = 0; i < COUNT; i++) {
            int nearest = BlockRounder.nearest(inverse * (values[from + i] - least));
            tried[i] = BlockRounder.limited(nearest, 0, most);
        }
    }

    private float error(float[] values, int from, float ofScale, float ofLeast) {
        float sum = 0;
        for (int i = 0; i < COUNT; i++) {
            float difference = ofScale * tried[i] + ofLeast - values[from + i];
            difference *= difference;
            sum += weights[i] * difference;
        }
        return sum;
    }

    /** Takes the best scale and least number for the whole numbers that were tried, if they are better than those so far. */
    private void improve(float[] values, int from, float sumOfWeights, float sum, int[] numbers, int to) {
        float ofNumbers = 0;
        float ofSquares = 0;
        float ofProducts = 0;
        for (int i = 0; i < COUNT; i++) {
            int number = tried[i];
            float weight = weights[i];
            ofNumbers += weight * number;
            ofSquares += weight * number * number;
            ofProducts += weight * number * values[from + i];
        }
        float determinant = sumOfWeights * ofSquares - ofNumbers * ofNumbers;
        if (!(determinant > 0)) {
            return;
        }
        float ofScale = (sumOfWeights * ofProducts - sum * ofNumbers) / determinant;
        float ofLeast = (ofSquares * sum - ofNumbers * ofProducts) / determinant;
        if (ofLeast > 0) {
            ofLeast = 0;
            ofScale = ofProducts / ofSquares;
        }
        float own = error(values, from, ofScale, ofLeast);
        if (own < error) {
            System.arraycopy(tried, 0, numbers, to, COUNT);
            error = own;
            scale = ofScale;
            least = ofLeast;
        }
    }
}
