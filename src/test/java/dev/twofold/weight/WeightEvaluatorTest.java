package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightEvaluatorTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void computes_random_expressions_as_their_definition_says_bit_for_bit(long seed) throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), seed);
        for (int i = 0; i < 40; i++) {
            Weight weight = i % 5 == 0
                    ? expressions.vector(1 + expressions.below(60), 4)
                    : expressions.matrix(1 + expressions.below(40), 1 + expressions.below(40), 4);
            expressions.save();
            try (MappedFiles files = new MappedFiles()) {
                assertThat(new WeightEvaluator(files).read(weight))
                        .as(Weights.describe(weight))
                        .isEqualTo(expressions.evaluate(weight));
            }
        }
    }

    @Test
    void reads_a_matrix_of_more_elements_than_one_strip_holds() throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 9);
        Weight weight = new Weight.Transposed(expressions.stored(DType.BF16, 301, 503));
        expressions.save();
        try (MappedFiles files = new MappedFiles()) {
            assertThat(new WeightEvaluator(files).read(weight)).isEqualTo(expressions.evaluate(weight));
        }
    }

    @Test
    void scales_by_vectors_that_are_scaled_themselves() throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 10);
        Weight factor = expressions.stored(DType.F32, 4);
        for (int i = 0; i < 200; i++) {
            factor = new Scaled(new Filled(Shape.of(4), i % 2 == 0 ? 0.5f : 2f), 0, factor);
        }
        Weight weight = new Scaled(expressions.stored(DType.F32, 3, 4), 1, factor);
        expressions.save();
        try (MappedFiles files = new MappedFiles()) {
            assertThat(new WeightEvaluator(files).read(weight)).isEqualTo(expressions.evaluate(weight));
        }
    }

    @Test
    void counts_the_bytes_it_reads() throws IOException {
        Expressions expressions = new Expressions(directory.resolve("weights"), 11);
        Weight weight = Weights.slice(expressions.stored(DType.BF16, 10, 6), 0, 2, 5);
        expressions.save();
        try (MappedFiles files = new MappedFiles()) {
            new WeightEvaluator(files).read(weight);
            assertThat(files.bytesRead()).isEqualTo(3 * 6 * 2);
        }
    }

    @Test
    void refuses_a_file_that_became_shorter_than_its_header_said() throws IOException {
        Path file = Files.write(directory.resolve("weights"), new byte[40]);
        Stored stored = new Stored(file, "w", 8, DType.F32, Shape.of(9));
        try (MappedFiles files = new MappedFiles()) {
            assertThatThrownBy(() -> new WeightEvaluator(files).read(stored))
                    .isInstanceOfSatisfying(
                            TwofoldException.class,
                            e -> assertThat(e.kind()).isEqualTo(TwofoldException.Kind.ENVIRONMENT))
                    .hasMessageContaining(file.toString());
        }
    }

    @Test
    void notices_that_a_file_changed_after_it_was_read() throws IOException {
        Path file = Files.write(directory.resolve("weights"), new byte[16]);
        try (MappedFiles files = new MappedFiles()) {
            new WeightEvaluator(files).read(new Stored(file, "w", 0, DType.F32, Shape.of(4)));
            files.requireUnchanged();
            Files.write(file, new byte[20]);
            assertThatThrownBy(files::requireUnchanged)
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("changed while it was being read");
        }
    }

    @Test
    void refuses_a_file_that_is_gone() {
        Stored stored = new Stored(directory.resolve("gone"), "w", 0, DType.F32, Shape.of(4));
        try (MappedFiles files = new MappedFiles()) {
            assertThatThrownBy(() -> new WeightEvaluator(files).read(stored))
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("gone");
        }
    }

    @Test
    void a_described_weight_has_no_numbers_whatever_is_made_of_it() {
        Weight described = new Described("layers.3.gate", Shape.of(4, 4));
        Weight vector = new Described("layers.3.norm", Shape.of(4));
        List<Weight> made = List.of(
                described,
                vector,
                Weights.transpose(described),
                Weights.slice(described, 0, 1, 3),
                Weights.times(described, 2),
                Weights.stack(0, List.of(new Filled(Shape.of(2, 4), 1), described)),
                new Scaled(new Filled(Shape.of(4, 4), 1), 1, vector));
        try (MappedFiles files = new MappedFiles()) {
            assertThat(made)
                    .allSatisfy(weight -> assertThatIllegalStateException()
                            .isThrownBy(() -> new WeightEvaluator(files).read(weight))
                            .withMessageStartingWith("the tensor layers.3.")
                            .withMessageContaining("only described"));
        }
    }
}
