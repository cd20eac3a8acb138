package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.IntegerBlocks;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ScaleSearchTest {

    private static final int COUNT = 32;

    private final Random random = new Random(9);

    private float[] block() {
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian() / 2));
        }
        return values;
    }

    private static double error(float[] values, double[] importance, float scale, int zero, int largest) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            long code = Math.min(largest, Math.max(0, Math.round((double) values[i] / scale + zero)));
            double lost = values[i] - (code - zero) * (double) scale;
            sum += importance[i] * lost * lost;
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"4, true", "4, false", "8, true", "8, false"})
    void no_grid_that_spans_the_range_loses_less(int bits, boolean symmetric) {
        IntegerBlocks blocks = new IntegerBlocks(bits, COUNT, symmetric, DType.F32);
        double won = 0;
        for (int trial = 0; trial < 50; trial++) {
            float[] values = block();
            double[] importance = random.doubles(COUNT, 0.1, 2).toArray();
            ScaleSearch.Found found = new ScaleSearch(blocks, importance).best(values, 0, 0, COUNT);
            double own = error(values, importance, found.scale(), found.zero(), blocks.largest());
            assertThat(found.error()).isCloseTo(own, org.assertj.core.api.Assertions.within(1e-3 * own + 1e-9));
            float least = Math.min(0, min(values));
            float greatest = Math.max(0, max(values));
            float scale =
                    symmetric ? Math.max(greatest, -least) / blocks.middle() : (greatest - least) / blocks.largest();
            int zero = symmetric ? blocks.middle() : Math.round(-least / scale);
            double spanning = error(values, importance, scale, zero, blocks.largest());
            assertThat(own).isLessThanOrEqualTo(spanning * (1 + 1e-5));
            won += own / spanning / 50;
        }
        assertThat(won).isLessThan(bits == 4 ? 0.95 : 1);
    }

    @Test
    void what_is_multiplied_most_is_kept_best() {
        IntegerBlocks blocks = new IntegerBlocks(4, COUNT, true, DType.F32);
        float[] values = block();
        double[] importance = new double[COUNT];
        Arrays.fill(importance, 1e-6);
        importance[11] = 1;
        ScaleSearch.Found found = new ScaleSearch(blocks, importance).best(values, 0, 0, COUNT);
        assertThat(error(new float[] {values[11]}, new double[] {1}, found.scale(), found.zero(), 15))
                .isLessThan(1e-3 * values[11] * values[11]);
    }

    @Test
    void a_scale_is_one_that_can_be_stored() {
        IntegerBlocks blocks = new IntegerBlocks(4, COUNT, false, DType.F16);
        ScaleSearch.Found found = new ScaleSearch(blocks, random.doubles(COUNT).toArray()).best(block(), 0, 0, COUNT);
        assertThat(Float16.toFloat(Float16.fromFloat(found.scale()))).isEqualTo(found.scale());
    }

    @Test
    void a_block_of_zeros_has_the_scale_zero() {
        for (boolean symmetric : new boolean[] {true, false}) {
            ScaleSearch.Found found = new ScaleSearch(
                            new IntegerBlocks(4, COUNT, symmetric, DType.F32), new double[COUNT])
                    .best(new float[COUNT], 0, 0, COUNT);
            assertThat(found.scale()).isZero();
        }
    }

    private static float min(float[] values) {
        float least = values[0];
        for (float value : values) {
            least = Math.min(least, value);
        }
        return least;
    }

    private static float max(float[] values) {
        float greatest = values[0];
        for (float value : values) {
            greatest = Math.max(greatest, value);
        }
        return greatest;
    }
}
