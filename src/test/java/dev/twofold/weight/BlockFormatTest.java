package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.StoredTensors;
import dev.twofold.weight.Weight.Blocked;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks of random bits against the numbers that the gguf package for Python makes of them. */
final class BlockFormatTest {

    private static StoredTensors goldens;

    @TempDir
    private Path directory;

    @BeforeAll
    static void load() throws IOException {
        try (InputStream in = BlockFormatTest.class.getResourceAsStream("/gguf/blocks.safetensors")) {
            goldens = StoredTensors.of(in.readAllBytes());
        }
    }

    private Blocked stored(BlockFormat format) throws IOException {
        Path file = directory.resolve("blocks");
        byte[] data = goldens.bytes(format + ".bytes");
        // Not at the start, and not aligned.
        byte[] content = new byte[data.length + 3];
        System.arraycopy(data, 0, content, 3, data.length);
        Files.write(file, content);
        return new Blocked(file, "w", 3, format, Shape.of(goldens.shape(format + ".values")));
    }

    @ParameterizedTest
    @EnumSource
    void makes_the_numbers_of_the_reference_bit_for_bit(BlockFormat format) throws IOException {
        Blocked tensor = stored(format);
        assertThat(tensor.bytes()).isEqualTo(goldens.bytes(format + ".bytes").length);
        try (MappedFiles files = new MappedFiles()) {
            float[] values = new WeightEvaluator(files).read(tensor);
            float[] expected = goldens.floats(format + ".values");
            assertThat(bits(values)).isEqualTo(bits(expected));
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    @ParameterizedTest
    @EnumSource
    void reads_no_more_than_the_blocks_that_a_part_touches(BlockFormat format) throws IOException {
        Blocked tensor = stored(format);
        int block = format.elements();
        Weight part = Weights.slice(Weights.slice(tensor, 1, block - 1, block + 1), 0, 1, 2);
        try (MappedFiles files = new MappedFiles()) {
            float[] values = new WeightEvaluator(files).read(part);
            float[] row = goldens.floats(format + ".values");
            int at = (int) tensor.shape().columns() + block - 1;
            assertThat(values).containsExactly(row[at], row[at + 1]);
            assertThat(files.bytesRead()).isEqualTo(2L * format.blockBytes());
        }
    }

    @Test
    void has_rows_of_whole_blocks_only() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Blocked(Path.of("file"), "w", 0, BlockFormat.Q4_K, Shape.of(4, 300)));
    }
}
