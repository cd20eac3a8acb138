package dev.twofold.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WholeFileTest {

    @TempDir
    private Path directory;

    @Test
    void replaces_a_file_and_leaves_nothing_else() throws IOException {
        Path file = directory.resolve("new").resolve("report.json");
        WholeFile.write(file, "one");
        WholeFile.write(file, "two");
        assertThat(file).hasContent("two");
        assertThat(file.getParent().toFile().list()).hasSize(1);
    }

    @Test
    void a_write_that_fails_leaves_nothing() throws IOException {
        Path file = Files.createDirectory(directory.resolve("report.json"));
        Files.createFile(file.resolve("inside"));
        assertThatThrownBy(() -> WholeFile.write(file, "text")).isInstanceOf(IOException.class);
        assertThat(directory.toFile().list()).containsExactly("report.json");
    }

    @Test
    void parts_of_killed_processes_go_after_a_day_and_others_stay() throws IOException {
        Path old = Files.createFile(directory.resolve(".report.json.1.part"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        Files.createFile(directory.resolve(".report.json.2.part"));
        WholeFile.write(directory.resolve("report.json"), "text");
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("report.json", ".report.json.2.part");
    }
}
