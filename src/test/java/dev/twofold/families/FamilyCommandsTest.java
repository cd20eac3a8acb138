package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands beside conversion on every family. */
final class FamilyCommandsTest {

    @TempDir
    private static Path directory;

    private static Path text;

    @BeforeAll
    static void writeText() throws IOException {
        text = Files.writeString(
                directory.resolve("text.txt"),
                "The rain had stopped, and the road to the village was white.\n".repeat(40));
    }

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    @ParameterizedTest
    @MethodSource("families")
    void inspect_measures_every_pair(String name) {
        Path checkpoint = TinyFamilies.checkpoint(name);
        JsonNode report = CommandRun.succeeding(
                        "inspect",
                        checkpoint,
                        "--text",
                        text,
                        "--tokens",
                        32,
                        "--group",
                        2,
                        "--cache",
                        "none",
                        "--quiet",
                        "--format",
                        "json")
                .json();
        int layers = Reference.of(checkpoint).layers();
        assertThat(report.get("layers")).hasSize(layers);
        assertThat(report.get("pairs"))
                .hasSize(layers - 1)
                .allMatch(pair -> pair.get("kl").asDouble() > 0);
    }

    @ParameterizedTest
    @MethodSource("families")
    void a_compensated_model_passes_validation(String name) {
        Path checkpoint = TinyFamilies.checkpoint(name);
        Path model = directory.resolve(name);
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                model,
                "--pairs",
                "1-2",
                "--compensate",
                "--text",
                text,
                "--calibration-tokens",
                1024,
                "--quiet");
        JsonNode report = CommandRun.succeeding(
                        "validate",
                        model,
                        "--against",
                        checkpoint,
                        "--calibration",
                        text,
                        "--text",
                        text,
                        "--tokens",
                        64,
                        "--format",
                        "json",
                        "--quiet")
                .json();
        assertThat(report.get("passed").asBoolean()).isTrue();
    }
}
