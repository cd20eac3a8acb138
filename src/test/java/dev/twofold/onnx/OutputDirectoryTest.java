package dev.twofold.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputDirectoryTest {

    @TempDir
    private Path parent;

    private OutputTarget target(boolean force) {
        return OutputTarget.check(parent.resolve("out"), List.of(parent.resolve("in")), force);
    }

    private static void fill(OutputDirectory output, String text) throws IOException {
        Files.writeString(output.path().resolve("twofold.json"), text);
    }

    private List<String> entries() {
        return List.of(parent.toFile().list());
    }

    @Test
    void appears_when_it_is_committed() throws IOException {
        try (OutputDirectory output = OutputDirectory.stage(target(false), 1)) {
            fill(output, "new");
            assertThat(parent.resolve("out")).doesNotExist();
            output.commit();
        }
        assertThat(parent.resolve("out").resolve("twofold.json")).hasContent("new");
        assertThat(entries()).containsExactly("out");
    }

    @Test
    void disappears_when_it_is_not() throws IOException {
        try (OutputDirectory output = OutputDirectory.stage(target(false), 1)) {
            fill(output, "new");
        }
        assertThat(entries()).isEmpty();
    }

    @Test
    void what_appeared_meanwhile_is_not_replaced() throws IOException {
        try (OutputDirectory output = OutputDirectory.stage(target(false), 1)) {
            fill(output, "new");
            Files.createDirectory(parent.resolve("out"));
            Files.writeString(parent.resolve("out").resolve("thesis.txt"), "years of work");
            assertThatThrownBy(output::commit)
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("already exists");
        }
        assertThat(parent.resolve("out").resolve("thesis.txt")).hasContent("years of work");
        assertThat(entries()).containsExactly("out");
    }

    @Test
    void force_does_not_replace_what_twofold_did_not_make() throws IOException {
        try (OutputDirectory output = OutputDirectory.stage(target(true), 1)) {
            fill(output, "new");
            Files.createDirectory(parent.resolve("out"));
            Files.writeString(parent.resolve("out").resolve("thesis.txt"), "years of work");
            assertThatThrownBy(output::commit).hasMessageContaining("no twofold.json");
        }
        assertThat(parent.resolve("out").resolve("thesis.txt")).exists();
    }

    @Test
    void a_link_to_a_directory_keeps_pointing_there() throws IOException {
        Path real = Files.createDirectory(parent.resolve("real"));
        Files.createSymbolicLink(parent.resolve("out"), real);
        try (OutputDirectory output = OutputDirectory.stage(target(false), 1)) {
            fill(output, "new");
            output.commit();
        }
        assertThat(parent.resolve("out")).isSymbolicLink();
        assertThat(real.resolve("twofold.json")).hasContent("new");
    }

    @Test
    void a_target_without_room_is_refused_before_anything_is_made() {
        assertThatThrownBy(() -> OutputDirectory.stage(target(false), Long.MAX_VALUE))
                .hasMessageContaining("not enough space");
        assertThat(entries()).isEmpty();
    }
}
