package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HalfKernelTest {

    private static final int SIDE = 256;

    @TempDir
    private Path directory;

    private static short narrow(DType target, float value) {
        return target == DType.F16 ? Float16.fromFloat(value) : BFloat16.fromFloat(value);
    }

    private static int limit(DType target) {
        return target == DType.F16 ? Float.floatToRawIntBits(65520f) : 0x7f7f8000;
    }

    /** Factors of every order of magnitude: the products are subnormal, normal, and just below the largest. */
    private static float[] factors() {
        float[] factors = new float[SIDE];
        for (int i = 0; i < SIDE; i++) {
            float sign = i % 3 == 0 ? -1 : 1;
            factors[i] = sign * Math.scalb(1 + i / 300f, i % 90 - 60);
        }
        return factors;
    }

    /** Every pattern of bf16; those whose product with their factor does not fit are zero. */
    private static float[] patterns(float[] factors, boolean down, DType target) {
        float[] values = new float[SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            // Patterns that differ in their low bits stand in different rows and columns.
            float value = BFloat16.toFloat((short) (i * 40503));
            float product = value * factors[down ? i / SIDE : i % SIDE];
            boolean fits = Float.isFinite(value)
                    && Float.isFinite(BFloat16.toFloat(BFloat16.fromFloat(product)))
                    && (target != DType.F16 || Math.abs(product) < 65520f);
            values[i] = fits ? value : 0;
        }
        return values;
    }

    private ShortBuffer convert(Weight leaf, Tile tile, DType target, boolean expected) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(2 * SIDE * SIDE).order(ByteOrder.LITTLE_ENDIAN);
        try (MappedFiles files = new MappedFiles()) {
            HalfKernel kernel = new HalfKernel(new WeightEvaluator(files));
            Region all = new Region(0, SIDE, 0, SIDE);
            assertThat(kernel.convert(leaf, all, tile, target, limit(target), bytes.asIntBuffer()))
                    .isEqualTo(expected);
        }
        return bytes.asShortBuffer();
    }

    @ParameterizedTest
    @CsvSource({"F16,false", "F16,true", "BF16,false", "BF16,true"})
    void scales_every_bf16_number_bit_for_bit_as_the_scalar_conversion_does(DType target, boolean transposed)
            throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 1);
        float[] factors = factors();
        float[] values = patterns(factors, !transposed, target);
        Stored tensor = expressions.stored(DType.BF16, values, SIDE, SIDE);
        Weight leaf = new Scaled(tensor, transposed ? 1 : 0, expressions.stored(DType.F32, factors, SIDE));
        expressions.save();
        Tile tile = transposed ? Tile.rowMajor(SIDE).transposed() : Tile.rowMajor(SIDE);
        ShortBuffer result = convert(leaf, tile, target, true);
        int subnormals = 0;
        for (int r = 0; r < SIDE; r++) {
            for (int c = 0; c < SIDE; c++) {
                float product = values[r * SIDE + c] * factors[transposed ? c : r];
                subnormals += product != 0 && Math.abs(product) < 0x1p-14f && Math.abs(product) > 0x1p-25f ? 1 : 0;
                assertThat(result.get(transposed ? c * SIDE + r : r * SIDE + c))
                        .as("%s", product)
                        .isEqualTo(narrow(target, product));
            }
        }
        assertThat(subnormals).isGreaterThan(1000);
    }

    @ParameterizedTest
    @CsvSource({"F16,false", "F16,true", "BF16,false", "BF16,true"})
    void converts_every_bf16_number_bit_for_bit_as_the_scalar_conversion_does(DType target, boolean transposed)
            throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 2);
        float[] ones = new float[SIDE];
        java.util.Arrays.fill(ones, 1);
        float[] values = patterns(ones, true, target);
        Stored tensor = expressions.stored(DType.BF16, values, SIDE, SIDE);
        expressions.save();
        Tile tile = transposed ? Tile.rowMajor(SIDE).transposed() : Tile.rowMajor(SIDE);
        ShortBuffer result = convert(tensor, tile, target, true);
        for (int r = 0; r < SIDE; r++) {
            for (int c = 0; c < SIDE; c++) {
                assertThat(result.get(transposed ? c * SIDE + r : r * SIDE + c))
                        .isEqualTo(narrow(target, values[r * SIDE + c]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void says_so_when_a_number_does_not_fit(DType target) throws IOException {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            Expressions expressions = new Expressions(directory.resolve("weights"), 3);
            float[] values = new float[SIDE * SIDE];
            values[12345] = bad;
            Stored tensor = expressions.stored(DType.BF16, values, SIDE, SIDE);
            Weight scaled = new Scaled(tensor, 0, new Filled(Shape.of(SIDE), 0.5f));
            expressions.save();
            convert(tensor, Tile.rowMajor(SIDE), target, false);
            convert(scaled, Tile.rowMajor(SIDE), target, false);
        }
    }

    @Test
    void leaves_other_cases_to_the_general_way() throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 4);
        Stored bf16 = expressions.stored(DType.BF16, SIDE, SIDE);
        Stored f16 = expressions.stored(DType.F16, SIDE, SIDE);
        Weight alongColumns = new Scaled(bf16, 1, new Filled(Shape.of(SIDE), 1));
        expressions.save();
        convert(f16, Tile.rowMajor(SIDE), DType.F16, false);
        convert(alongColumns, Tile.rowMajor(SIDE), DType.F16, false);
        convert(bf16, new Tile(1, SIDE, 1), DType.F16, false);
        convert(bf16, Tile.rowMajor(SIDE + 1), DType.F16, false);
        convert(bf16, Tile.rowMajor(SIDE), DType.F32, false);
    }
}
