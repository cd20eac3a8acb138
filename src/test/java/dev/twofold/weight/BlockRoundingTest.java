package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.WeightWriter.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Matrices in blocks, as numbers and as bytes, against the definition. */
class BlockRoundingTest {

    @TempDir
    private Path directory;

    private Expressions expressions;

    @BeforeEach
    void makeExpressions() {
        expressions = new Expressions(directory.resolve("weights"), 11);
    }

    static Stream<IntegerBlocks> formats() {
        return Stream.of(4, 8)
                .flatMap(bits -> Stream.of(16, 32, 128)
                        .flatMap(size -> Stream.of(true, false)
                                .flatMap(symmetric -> Stream.of(DType.F32, DType.F16)
                                        .map(scales -> new IntegerBlocks(bits, size, symmetric, scales)))));
    }

    private byte[] written(Weight weight, DType dtype) throws IOException {
        expressions.save();
        Path output = directory.resolve("out");
        Files.deleteIfExists(output);
        try (MappedFiles files = new MappedFiles()) {
            new WeightWriter(new WeightEvaluator(files), Progress.SILENT, 2)
                    .write(output, List.of(new Placement("w", weight, dtype, 0)));
        }
        return Files.readAllBytes(output);
    }

    private float[] evaluated(Weight weight) throws IOException {
        expressions.save();
        try (MappedFiles files = new MappedFiles()) {
            return new WeightEvaluator(files).read(weight);
        }
    }

    private static DType codes(IntegerBlocks blocks) {
        return blocks.bits() == 4 ? DType.U4 : DType.U8;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void numbers_and_bytes_are_those_of_the_definition(IntegerBlocks blocks) throws IOException {
        int[][] sizes = {{1, 1}, {3, 16}, {5, 33}, {2, 128}, {40, 200}, {7, 257}, {300, 96}};
        for (int[] size : sizes) {
            Weight source = expressions.matrix(size[0], size[1], 3);
            Rounded rounded = new Rounded(source, blocks, Grid.RANGE);
            NaiveBlocks naive = new NaiveBlocks(blocks, expressions.evaluate(source), size[0]);
            int count = naive.count();
            int even = count + count % 2;
            String what = Weights.describe(rounded) + " " + rounded.shape();
            assertThat(evaluated(rounded)).as(what).containsExactly(naive.dequantized());
            assertThat(written(new BlockTensor(rounded, BlockPart.CODES, (long) count * blocks.size()), codes(blocks)))
                    .as(what)
                    .isEqualTo(naive.codes());
            assertThat(written(new BlockTensor(rounded, BlockPart.ZEROS, even), codes(blocks)))
                    .as(what)
                    .isEqualTo(naive.zeros(even));
            assertThat(written(new BlockTensor(rounded, BlockPart.SCALES, count), blocks.scales()))
                    .as(what)
                    .isEqualTo(SafetensorsBuilder.encode(blocks.scales(), naive.scales()));
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void the_standard_layout_is_the_same_turned(IntegerBlocks blocks) throws IOException {
        int rows = 301;
        int columns = 75;
        Weight source = expressions.matrix(rows, columns, 2);
        Rounded rounded = new Rounded(source, blocks, Grid.RANGE);
        NaiveBlocks naive = new NaiveBlocks(blocks, expressions.evaluate(source), rows);
        Weight turned = Weights.transpose(new BlockTensor(rounded, BlockPart.CODES, columns));
        assertThat(written(turned, codes(blocks)))
                .isEqualTo(naive.packed(columns, rows, (row, column) -> naive.code(column, row)));
        if (blocks.symmetric()) {
            Weight signed = Weights.transpose(new BlockTensor(rounded, BlockPart.SIGNED_CODES, columns));
            int middle = 1 << blocks.bits() - 1;
            assertThat(written(signed, blocks.bits() == 4 ? DType.I4 : DType.I8))
                    .isEqualTo(naive.packed(columns, rows, (row, column) -> naive.code(column, row) - middle));
        }
    }

    @Test
    void every_rectangle_is_that_of_the_whole() throws IOException {
        IntegerBlocks blocks = new IntegerBlocks(4, 32, false, DType.F32);
        Rounded rounded = new Rounded(expressions.stored(DType.BF16, 50, 150), blocks, Grid.RANGE);
        for (Weight whole : List.of(rounded, new BlockTensor(rounded, BlockPart.CODES, 160))) {
            float[] all = evaluated(whole);
            int columns = (int) whole.shape().dim(1);
            for (int i = 0; i < 60; i++) {
                int top = expressions.below(50);
                int bottom = top + 1 + expressions.below(50 - top);
                int left = expressions.below(columns);
                int right = left + 1 + expressions.below(columns - left);
                Weight part = new Weight.Sliced(new Weight.Sliced(whole, 0, top, bottom), 1, left, right);
                float[] expected = new float[(bottom - top) * (right - left)];
                for (int row = top; row < bottom; row++) {
                    System.arraycopy(all, row * columns + left, expected, (row - top) * (right - left), right - left);
                }
                assertThat(evaluated(part)).containsExactly(expected);
            }
        }
    }

    @Test
    void numbers_on_a_given_grid_are_left_as_they_are() throws IOException {
        IntegerBlocks blocks = new IntegerBlocks(4, 32, false, DType.F32);
        Rounded once = new Rounded(expressions.stored(DType.F32, 20, 100), blocks, Grid.RANGE);
        Grid given =
                new Grid.Given(new BlockTensor(once, BlockPart.SCALES, 4), new BlockTensor(once, BlockPart.ZEROS, 4));
        Rounded again = new Rounded(once, blocks, given);
        assertThat(evaluated(again)).containsExactly(evaluated(once));
        assertThat(evaluated(new BlockTensor(again, BlockPart.CODES, 128)))
                .containsExactly(evaluated(new BlockTensor(once, BlockPart.CODES, 128)));
    }

    @Test
    void a_block_of_zeros_stays_one() throws IOException {
        for (boolean symmetric : new boolean[] {true, false}) {
            Weight zeros = new Weight.Filled(Shape.of(3, 40), 0);
            Rounded rounded = new Rounded(zeros, new IntegerBlocks(4, 32, symmetric, DType.F32), Grid.RANGE);
            for (float value : evaluated(rounded)) {
                assertThat(value).isZero();
            }
        }
    }

    @Test
    void a_weight_that_is_no_number_is_named_with_its_place() throws IOException {
        float[] values = new float[6 * 64];
        Arrays.fill(values, 1);
        values[2 * 64 + 37] = Float.NaN;
        Rounded rounded = new Rounded(
                expressions.stored(DType.F32, values, 6, 64), new IntegerBlocks(4, 32, true, DType.F32), Grid.RANGE);
        TwofoldException refused = catchThrowableOfType(
                TwofoldException.class, () -> written(new BlockTensor(rounded, BlockPart.SCALES, 2), DType.F32));
        assertThat(refused.getMessage()).contains("tensor0, element [2, 37]").contains("not a finite number");
    }
}
