package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.WeightWriter.Placement;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightWriterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private Path output;
    private Expressions expressions;

    @BeforeEach
    void makeExpressions() {
        output = directory.resolve("out");
        expressions = new Expressions(directory.resolve("weights"), 7);
    }

    private Written write(int threads, List<Placement> placements) {
        return write(threads, placements, Progress.SILENT);
    }

    private Written write(int threads, List<Placement> placements, Progress progress) {
        return assertTimeoutPreemptively(PATIENCE, () -> {
            expressions.save();
            try (MappedFiles files = new MappedFiles()) {
                return new WeightWriter(new WeightEvaluator(files), progress, threads).write(output, placements);
            }
        });
    }

    private byte[] naive(Weight weight, DType dtype) {
        return SafetensorsBuilder.encode(dtype, expressions.evaluate(weight));
    }

    private byte[] written() throws IOException {
        return Files.readAllBytes(output);
    }

    @ParameterizedTest
    @CsvSource({"F32,F32", "F32,F16", "F32,BF16", "F16,F32", "F16,F16", "F16,BF16", "BF16,F32", "BF16,F16", "BF16,BF16"
    })
    void stores_every_type_as_every_other_at_odd_and_even_sizes(DType from, DType to) throws IOException {
        int[][] sizes = {{1, 1}, {1, 2}, {2, 1}, {7, 5}, {8, 6}, {255, 257}, {256, 256}, {258, 514}, {3, 1030}};
        for (int[] size : sizes) {
            Stored stored = expressions.stored(from, size[0], size[1]);
            for (Weight weight : List.of(stored, new Transposed(stored))) {
                Files.deleteIfExists(output);
                write(2, List.of(new Placement("w", weight, to, 0)));
                assertThat(written()).as("%s", weight.shape()).isEqualTo(naive(weight, to));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void stores_random_expressions_as_a_naive_encoding_does(DType dtype) throws IOException {
        for (int i = 0; i < 25; i++) {
            Weight weight = i % 6 == 0
                    ? expressions.vector(1 + expressions.below(700), 2)
                    : expressions.matrix(1 + expressions.below(300), 1 + expressions.below(300), 3);
            Files.deleteIfExists(output);
            write(1 + i % 3, List.of(new Placement("w", weight, dtype, 0)));
            assertThat(written()).as(Weights.describe(weight)).isEqualTo(naive(weight, dtype));
        }
    }

    @Test
    void stores_a_weight_of_many_strips() throws IOException {
        Weight tall = expressions.stored(DType.BF16, 3001, 400);
        Weight wide = new Transposed(expressions.stored(DType.BF16, 2002, 600));
        long second = 3001 * 400 * 2;
        write(3, List.of(new Placement("tall", tall, DType.F16, 0), new Placement("wide", wide, DType.F16, second)));
        byte[] bytes = written();
        assertThat(Arrays.copyOf(bytes, (int) second)).isEqualTo(naive(tall, DType.F16));
        assertThat(Arrays.copyOfRange(bytes, (int) second, bytes.length)).isEqualTo(naive(wide, DType.F16));
    }

    @Test
    void fills_the_gaps_between_aligned_placements_with_zeros() throws IOException {
        List<Placement> placements = new ArrayList<>();
        long[] extents = {3, 4096, 1, 2048, 5000};
        long offset = 0;
        for (long extent : extents) {
            Weight weight = new Filled(Shape.of(extent), 1.5f);
            placements.add(new Placement("w" + extent, weight, DType.F16, offset));
            offset = (offset + 2 * extent + 4095) / 4096 * 4096;
        }
        Written result = write(2, placements);
        byte[] bytes = written();
        byte[] expected = new byte[bytes.length];
        for (Placement placement : placements) {
            byte[] data = naive(placement.weight(), DType.F16);
            System.arraycopy(data, 0, expected, (int) placement.offset(), data.length);
        }
        Placement last = placements.get(placements.size() - 1);
        assertThat(bytes).isEqualTo(expected);
        assertThat(result.bytes()).isEqualTo(bytes.length).isEqualTo(last.offset() + last.bytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4095, 4096, 4097, 4 << 20, (4 << 20) + 1, 9 << 20})
    void files_of_any_length_have_the_hash_and_length_that_it_reports(int bytes)
            throws IOException, NoSuchAlgorithmException {
        Weight weight = new Filled(Shape.of((bytes + 1) / 2), -0.75f);
        Written result = write(2, List.of(new Placement("w", weight, DType.BF16, 0)));
        byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(written());
        assertThat(result.sha256()).isEqualTo(HexFormat.of().formatHex(sha256));
        assertThat(result.bytes()).isEqualTo(Files.size(output)).isEqualTo((bytes + 1) / 2 * 2);
    }

    @Test
    void writes_empty_weights_and_no_weights() throws IOException {
        write(2, List.of());
        assertThat(written()).isEmpty();
        Files.delete(output);
        Weight empty = expressions.stored(DType.F32, 0, 8);
        Weight full = expressions.stored(DType.F32, 2, 2);
        write(2, List.of(new Placement("empty", empty, DType.F32, 0), new Placement("full", full, DType.F32, 0)));
        assertThat(written()).isEqualTo(naive(full, DType.F32));
    }

    @Test
    void the_bytes_do_not_depend_on_the_number_of_threads() throws IOException {
        Weight first = expressions.matrix(900, 640, 3);
        Weight second = new Transposed(expressions.stored(DType.BF16, 1500, 900));
        List<Placement> placements = List.of(
                new Placement("first", first, DType.BF16, 0),
                new Placement("second", second, DType.F16, 900 * 640 * 2 + 4096));
        Written alone = write(1, placements);
        byte[] bytes = written();
        Files.delete(output);
        Written together = write(4, placements);
        assertThat(together).isEqualTo(alone);
        assertThat(written()).isEqualTo(bytes);
    }

    @Test
    void reads_each_byte_of_a_tensor_once() throws IOException {
        Stored stored = expressions.stored(DType.BF16, 1000, 700);
        expressions.save();
        try (MappedFiles files = new MappedFiles()) {
            new WeightWriter(new WeightEvaluator(files), Progress.SILENT, 2)
                    .write(output, List.of(new Placement("w", new Transposed(stored), DType.F16, 0)));
            assertThat(files.bytesRead()).isEqualTo(1000 * 700 * 2);
        }
    }

    @Test
    void progress_adds_up_to_the_bytes_of_the_weights() {
        AtomicLong heard = new AtomicLong();
        Progress progress = new Progress() {
            @Override
            public void begin(String task, long total, Unit unit) {}

            @Override
            public void advance(long amount) {
                heard.addAndGet(amount);
            }

            @Override
            public void end() {}
        };
        Weight weight = new Filled(Shape.of(1000, 999), 1);
        write(2, List.of(new Placement("w", weight, DType.F32, 4096)), progress);
        assertThat(heard).hasValue(1000 * 999 * 4);
    }

    /** A matrix with one number that is not like the others. */
    private Stored with(float value, DType dtype, int rows, int columns, int index) {
        float[] values = new float[rows * columns];
        Arrays.fill(values, 0.5f);
        values[index] = value;
        return expressions.stored(dtype, values, rows, columns);
    }

    private TwofoldException refused(int threads, Placement... placements) {
        return catchThrowableOfType(TwofoldException.class, () -> write(threads, List.of(placements)));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void refuses_what_overflows_fp16_and_names_the_tensor_inside_the_expression(DType source) throws IOException {
        Stored fine = with(1, source, 6, 8, 0);
        Stored large = with(70_000f, source, 6, 8, 21);
        Weight stack = new Transposed(new Stacked(0, List.of(fine, large)));
        TwofoldException e = refused(2, new Placement("packed", stack, DType.F16, 0));
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        assertThat(e)
                .hasMessageContaining("weights, tensor " + large.name())
                .hasMessageContaining("overflows fp16")
                .hasMessageContaining("packed")
                .hasMessageContaining("--dtype bf16");
        Files.delete(output);
        write(2, List.of(new Placement("packed", stack, DType.BF16, 0)));
        assertThat(written()).isEqualTo(naive(stack, DType.BF16));
    }

    @Test
    void fp16_holds_all_that_rounds_to_65504_and_refuses_65520() throws IOException {
        Stored fits = with(Math.nextDown(65520f), DType.F32, 2, 2, 3);
        write(1, List.of(new Placement("w", fits, DType.F16, 0)));
        assertThat(written()).isEqualTo(naive(fits, DType.F16));
        Files.delete(output);
        Stored large = with(-65520f, DType.F32, 2, 2, 3);
        assertThat(refused(1, new Placement("w", large, DType.F16, 0))).hasMessageContaining("-65520");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void refuses_a_number_that_overflows_only_once_it_is_scaled(int axis) throws IOException {
        Stored tensor = with(40_000f, DType.BF16, 8, 8, 9);
        Weight scaled = new Scaled(tensor, axis, new Filled(Shape.of(8), 2f));
        for (Weight weight : List.of(scaled, new Transposed(scaled))) {
            TwofoldException e = refused(1, new Placement("w", weight, DType.F16, 0));
            assertThat(e).hasMessageContaining("tensor " + tensor.name()).hasMessageContaining("79872");
            Files.delete(output);
        }
    }

    @Test
    void bf16_refuses_a_finite_number_that_would_round_to_infinity() throws IOException {
        Stored fits = with(Float.intBitsToFloat(0x7f7f7fff), DType.F32, 2, 2, 3);
        write(1, List.of(new Placement("w", fits, DType.BF16, 0)));
        assertThat(written()).isEqualTo(naive(fits, DType.BF16));
        Files.delete(output);
        Stored large = with(Float.intBitsToFloat(0x7f7f8000), DType.F32, 2, 2, 3);
        assertThat(refused(1, new Placement("w", large, DType.BF16, 0)))
                .hasMessageContaining("overflows bf16")
                .hasMessageContaining("tensor " + large.name());
    }

    @Test
    void bf16_refuses_a_scaled_bf16_number_that_would_round_to_infinity() {
        Stored tensor = with(Float.intBitsToFloat(0x7f7f0000), DType.BF16, 8, 8, 9);
        Weight scaled = new Scaled(tensor, 0, new Filled(Shape.of(8), 1.003f));
        assertThat(refused(1, new Placement("w", scaled, DType.BF16, 0)))
                .hasMessageContaining("overflows bf16")
                .hasMessageContaining("tensor " + tensor.name());
    }

    @ParameterizedTest
    @CsvSource({
        "NaN,F32,F32",
        "NaN,BF16,F16",
        "NaN,BF16,BF16",
        "NaN,F16,F32",
        "Infinity,F32,F32",
        "-Infinity,BF16,F16",
        "Infinity,BF16,BF16",
        "-Infinity,F16,F16",
        "NaN,F16,BF16"
    })
    void refuses_numbers_that_are_not_finite_and_names_the_tensor(float value, DType from, DType to) {
        Stored tensor = with(value, from, 8, 10, 37);
        TwofoldException e = refused(2, new Placement("w", tensor, to, 0));
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        assertThat(e)
                .hasMessageContaining("tensor " + tensor.name())
                .hasMessageContaining("not a finite number")
                .hasMessageContaining(String.valueOf(value));
    }

    @ParameterizedTest
    @CsvSource({"0,1", "0,3", "5500000,1", "5500000,3", "10999999,1", "10999999,3"})
    void a_bad_number_anywhere_in_a_long_file_ends_the_write(int index, int threads) {
        Stored tensor = with(Float.NaN, DType.BF16, 11_000, 1000, index);
        assertThat(refused(threads, new Placement("w", tensor, DType.F16, 0)))
                .hasMessageContaining("not a finite number");
    }

    @Test
    void a_source_that_ends_early_ends_the_write() {
        Stored missing = new Stored(directory.resolve("weights"), "w", 0, DType.BF16, Shape.of(4000, 1000));
        TwofoldException e = refused(2, new Placement("w", missing, DType.F16, 0));
        assertThat(e.kind()).isEqualTo(Kind.ENVIRONMENT);
    }

    @Test
    void an_expression_that_throws_ends_the_write() {
        Weight broken = new Weight.Computed(Shape.of(5000, 1000), new Weight.Rows() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public void fill(long row, float[] values) {
                if (row == 4321) {
                    throw new IllegalStateException("row 4321");
                }
            }
        });
        assertThatThrownBy(() -> write(2, List.of(new Placement("w", broken, DType.F32, 0))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("row 4321");
    }

    @Test
    void does_not_write_over_a_file_or_into_a_directory_that_is_missing() throws IOException {
        Files.writeString(output, "precious");
        Placement placement = new Placement("w", new Filled(Shape.of(4), 1), DType.F32, 0);
        assertThat(refused(1, placement).kind()).isEqualTo(Kind.ENVIRONMENT);
        assertThat(output).hasContent("precious");
        output = directory.resolve("missing").resolve("out");
        assertThat(refused(1, placement))
                .hasMessageContaining(output.toString())
                .extracting(TwofoldException::kind)
                .isEqualTo(Kind.ENVIRONMENT);
    }
}
