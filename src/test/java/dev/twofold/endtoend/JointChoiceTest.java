package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.execution.GraphNames;
import dev.twofold.testing.Novels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans and bits of novels-13m that share one limit, on made-up hardware. Every test measures places where an earlier one has not. */
final class JointChoiceTest {

    private static final String LIMIT = "2%";
    private static final String HALF = "1%";

    @TempDir
    private static Path directory;

    /** Bytes are all that takes time. */
    private static Path memory;

    /** Kernels are all that takes time. */
    private static Path launches;

    @BeforeAll
    static void writeHardware() throws IOException {
        memory = hardware("memory", 1, 0);
        launches = hardware("launches", 10_000, 10);
    }

    private static Path hardware(String name, double gigabytes, double microseconds) throws IOException {
        String figures = """
                like: h100-sxm
                name: %s
                memory-gigabytes-per-second: {value: %s, source: made up}
                launch:
                  stream:
                    gap-microseconds: {value: %s, source: made up}
                    host-microseconds: {value: 0, source: made up}
                """;
        return Files.writeString(directory.resolve(name + ".yaml"), figures.formatted(name, gigabytes, microseconds));
    }

    private static CommandRun convert(String name, String limit, String bits, Path hardware) throws IOException {
        String steps = """
                steps:
                  - choose-pairs: {max-loss: %s, hardware: %s, tokens: 1024}
                  - pair-layers
                  - merge-steps
                  - share-norms
                  - widen
                  - balance
                  - choose-bits: {%s, tokens: 4096}
                  - quantize: {bits: 4}
                """;
        Path pipeline =
                Files.writeString(directory.resolve(name + "-steps.yaml"), steps.formatted(limit, hardware, bits));
        return CommandRun.of(
                "convert",
                Novels.CHECKPOINT,
                "-o",
                directory.resolve(name),
                "--pipeline",
                pipeline,
                "--cache",
                directory.resolve("cache"),
                "--format",
                "json");
    }

    private static JsonNode together(String name, Path hardware) throws IOException {
        CommandRun run = convert(name, LIMIT, "shared: true", hardware);
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode together = run.json().at("/choice/together");
        assertThat(together.get("withinLimit").asBoolean()).as(run.out()).isTrue();
        assertThat(together.get("perplexityIncreases"))
                .hasSize(2)
                .allSatisfy(rise -> assertThat(rise.asDouble()).isLessThanOrEqualTo(0.02));
        return together;
    }

    private static double tokensPerSecond(String name, Path hardware) {
        return CommandRun.succeeding("estimate", directory.resolve(name), "--hardware", hardware, "--format", "json")
                .json()
                .at("/converted/decodeTokensPerSecond")
                .asDouble();
    }

    /** What a plan leaves of it may still go to bits; half and half leaves a plan too little. */
    @Test
    void where_only_kernels_take_time_the_plan_has_more_than_half_of_the_limit_and_the_manifest_says_it_all()
            throws IOException {
        JsonNode together = together("kernels", launches);
        assertThat(together.get("predictedByPlan").asDouble())
                .isGreaterThan(2 * together.get("predictedByBits").asDouble());
        CommandRun half = convert("half", HALF, "max-loss: " + HALF, launches);
        assertThat(half.exitCode()).as(half.err()).isZero();
        assertThat(tokensPerSecond("kernels", launches)).isGreaterThan(1.01 * tokensPerSecond("half", launches));
        CommandRun again = CommandRun.of(
                "convert",
                Novels.CHECKPOINT,
                "-o",
                directory.resolve("again"),
                "--from-manifest",
                directory.resolve("kernels"));
        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.err()).doesNotContain("costs");
        assertThat(directory.resolve("again").resolve(GraphNames.DATA))
                .hasSameBinaryContentAs(directory.resolve("kernels").resolve(GraphNames.DATA));
    }

    /** What bits leave of it may still go to a plan. */
    @Test
    void where_only_bytes_take_time_bits_are_as_few_as_the_limit_lets_them() throws IOException {
        JsonNode together = together("bytes", memory);
        assertThat(together.get("placesOf8Bits").asInt())
                .isLessThan(together.get("places").asInt() / 3);
        assertThat(together.at("/predictedSpeedups/plan").asDouble()).isBetween(1.0, 1.005);
        assertThat(together.at("/predictedSpeedups/bits").asDouble()).isGreaterThan(4);
    }

    @Test
    void bits_cannot_share_a_limit_that_is_not_there() throws IOException {
        Path pipeline = Files.writeString(
                directory.resolve("alone.yaml"),
                "steps:\n  - pair-layers: {window: 2:14}\n  - fold-norms\n  - choose-bits: {shared: true}\n  - quantize: {bits: 4}\n");
        CommandRun run =
                CommandRun.of("convert", Novels.CHECKPOINT, "-o", directory.resolve("alone"), "--pipeline", pipeline);
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("no limit to share", "choose-pairs: {max-loss: 3%, hardware: h100-sxm}");
    }
}
