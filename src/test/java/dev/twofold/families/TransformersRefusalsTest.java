package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What has no place in a checkpoint that Twofold writes, and what is said of it. */
final class TransformersRefusalsTest {

    static final Map<String, String> REFUSED = Map.of(
            "bloom", "adds no biases to scores by position",
            "mpt", "adds no biases to scores by position",
            "deepseek_v2", "has no latents that queries, keys and values are made of",
            "deepseek_v3", "has no latents that queries, keys and values are made of");

    @TempDir
    private Path directory;

    static Stream<String> families() {
        return REFUSED.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("families")
    void is_refused_by_name(String family) {
        CommandRun run = CommandRun.of(
                "convert",
                TinyFamilies.checkpoint(family),
                "-o",
                directory.resolve("out"),
                "--target",
                "transformers",
                "--window",
                "0:0",
                "--quiet");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(REFUSED.get(family));
    }
}
