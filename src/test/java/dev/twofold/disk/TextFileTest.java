package dev.twofold.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TextFileTest {

    @TempDir
    private Path directory;

    @Test
    void line_ends_of_any_system_are_line_feeds_and_a_byte_order_mark_is_nothing() throws IOException {
        Path file = Files.writeString(directory.resolve("text.txt"), "\ufeffa\r\nb\rc\n\ufeffd");
        assertThat(TextFile.read(file, 100)).isEqualTo("a\nb\nc\n\ufeffd");
    }

    @Test
    void a_stream_is_read_to_a_limit() {
        byte[] bytes = "words".getBytes(StandardCharsets.UTF_8);
        assertThat(TextFile.read(new ByteArrayInputStream(bytes), "input", 5)).isEqualTo("words");
        assertThatThrownBy(() -> TextFile.read(new ByteArrayInputStream(bytes), "input", 4))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("too large");
    }
}
