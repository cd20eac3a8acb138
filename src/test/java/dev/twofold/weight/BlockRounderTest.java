package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Numbers of many kinds against the blocks that the gguf package, or ggml itself, rounds them to. */
final class BlockRounderTest {

    private static StoredTensors goldens;

    @BeforeAll
    static void load() throws IOException {
        try (InputStream in = BlockRounderTest.class.getResourceAsStream("/gguf/roundings.safetensors")) {
            goldens = StoredTensors.of(in.readAllBytes());
        }
    }

    static Stream<BlockFormat> written() {
        return Arrays.stream(BlockFormat.values()).filter(BlockFormat::isWritten);
    }

    @ParameterizedTest
    @MethodSource("written")
    void rounds_to_the_bytes_of_the_reference(BlockFormat format) {
        float[] numbers = goldens.floats("numbers");
        int width = (int) goldens.shape("numbers")[1];
        ByteBuffer bytes =
                ByteBuffer.allocate((int) format.bytes(numbers.length)).order(ByteOrder.LITTLE_ENDIAN);
        BlockRounder rounder = format.rounder();
        for (int i = 0; i < numbers.length; i += format.elements()) {
            assertThat(rounder.round(numbers, i, bytes, i / format.elements() * format.blockBytes()))
                    .isTrue();
        }
        byte[] expected = goldens.bytes(format + ".bytes");
        int rowBytes = (int) format.bytes(width);
        for (int row = 0; row < numbers.length / width; row++) {
            assertThat(Arrays.copyOfRange(bytes.array(), row * rowBytes, (row + 1) * rowBytes))
                    .as("row %d", row)
                    .isEqualTo(Arrays.copyOfRange(expected, row * rowBytes, (row + 1) * rowBytes));
        }
    }

    @ParameterizedTest
    @MethodSource("written")
    void tells_of_a_scale_that_sixteen_bits_cannot_hold(BlockFormat format) {
        float[] numbers = new float[format.elements()];
        numbers[3] = 1e30f;
        ByteBuffer block = ByteBuffer.allocate(format.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(format.rounder().round(numbers, 0, block, 0)).isFalse();
    }
}
