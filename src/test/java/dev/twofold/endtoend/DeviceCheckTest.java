package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.testing.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that checks a GPU, on the CPU, in its small form. */
final class DeviceCheckTest {

    @TempDir
    private Path directory;

    @Test
    void runs_to_its_end_and_writes_what_it_found() throws IOException {
        Path out = directory.resolve("out");
        Python.withRuntime()
                .run(
                        Path.of("tools", "gpu", "check.py"),
                        out,
                        "--provider",
                        "cpu",
                        "--small",
                        "--jobs",
                        2,
                        "--model",
                        Path.of("testmodels", "families", "llama3.2"),
                        "--twofold",
                        command());
        JsonNode found = new ObjectMapper().readTree(out.resolve("check.json").toFile());
        assertThat(found.path("complete").asBoolean()).as(found.toString()).isTrue();
        assertThat(found.path("failed")).isEmpty();
        assertThat(found.path("parity"))
                .hasSize(2)
                .allMatch(row -> row.path("passed").asBoolean());
        assertThat(found.path("parity").findValues("differing")).hasSize(2);
        assertThat(found.path("speed")).hasSize(1);
        assertThat(found.path("speed").path(0).path("rows").findValuesAsText("model"))
                .containsExactly(
                        "plain",
                        "pairs",
                        "merges",
                        "pairs, wide caches",
                        "staggered pairs",
                        "merges of four",
                        "plain, int4",
                        "pairs, int4",
                        "again");
        assertThat(found.path("transformers").findValuesAsText("how")).containsExactly("eager", "compile");
        assertThat(found.path("model").findValuesAsText("dtype")).hasSize(6).contains("fp16");
        assertThat(found.path("model")).allMatch(row -> row.path("passed").asBoolean());
        assertThat(found.path("inspectSeconds").asDouble()).isPositive();
        assertThat(Files.readString(out.resolve("check.md")))
                .contains("| fp32 | 1 of 1 |", "| fp16 | 1 of 1 |", "| merges |", "`inspect` took")
                .doesNotContain("time ran out", "failed");
    }

    /** The classes that are tested, which {@code ./twofold} would build again. */
    private Path command() throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path command = directory.resolve("twofold");
        Files.writeString(
                command,
                "#!/bin/sh\nexec '" + java + "' -XX:TieredStopAtLevel=1 -cp '" + System.getProperty("java.class.path")
                        + "' dev.twofold.cli.Main \"$@\"\n");
        return Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
