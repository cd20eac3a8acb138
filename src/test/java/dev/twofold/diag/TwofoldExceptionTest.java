package dev.twofold.diag;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TwofoldExceptionTest {

    @Test
    void says_where_what_found_expected_and_what_to_try() {
        TwofoldException failure = TwofoldException.input("wrong shape")
                .at(Origin.tensor(Path.of("a.safetensors"), "x"))
                .found(List.of(1, 2))
                .expected(List.of(2, 1))
                .hint("download it again");
        assertThat(failure).hasMessage("""
                        a.safetensors, tensor x: wrong shape
                          found:    [1, 2]
                          expected: [2, 1]
                          try:      download it again""");
    }

    @Test
    void a_name_can_neither_add_lines_nor_steer_the_terminal() {
        TwofoldException failure = TwofoldException.input("the tensor is missing")
                .at(Origin.tensor(Path.of("a"), "x\ny\u001B[31m"))
                .found("\r\u0007");
        assertThat(failure.getMessage().lines()).hasSize(2);
        assertThat(failure.getMessage().replace("\n", "")).doesNotMatch("(?s).*\\p{Cc}.*");
    }

    @Test
    void another_kind_keeps_the_words() {
        TwofoldException failure = TwofoldException.input("no").at("here").found(3);
        assertThat(failure.as(TwofoldException.Kind.USAGE)).hasMessage(failure.getMessage());
        assertThat(failure.as(TwofoldException.Kind.USAGE).kind()).isEqualTo(TwofoldException.Kind.USAGE);
    }

    @Test
    void says_what_the_system_says_without_javas_names() {
        assertThat(TwofoldException.environment("x").found(new NoSuchFileException("/a")))
                .hasMessageEndingWith("/a: no such file or directory");
        assertThat(TwofoldException.environment("x")
                        .found(new FileSystemException("/a", null, "Read-only file system")))
                .hasMessageEndingWith("/a: Read-only file system");
        assertThat(TwofoldException.environment("x").found(new IOException("No space left on device")))
                .hasMessageEndingWith(" No space left on device");
    }
}
