package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was measured once is not measured again, and nothing else is taken for it. */
final class InspectionCacheTest {

    /** What is said when, and only when, something has to be measured. */
    private static final String MEASURING = "running the original";

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path report;

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(1200, 1));
        report = directory.resolve("report");
    }

    private CommandRun inspecting(Object... more) {
        List<Object> arguments =
                new ArrayList<>(List.of("inspect", checkpoint, "-o", report, "--text", text, "--format", "json"));
        arguments.addAll(Arrays.asList(more));
        if (!arguments.contains("--tokens")) {
            arguments.addAll(List.of("--tokens", 64));
        }
        return CommandRun.succeeding(arguments.toArray());
    }

    private JsonNode inspect(Object... more) {
        return inspecting(Stream.concat(Stream.of("--cache", "none"), Stream.of(more))
                        .toArray())
                .json();
    }

    private static boolean cached(JsonNode document) {
        return document.at("/measurement/cached").asBoolean();
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(report.resolve("measurements"))) {
            return files.sorted().toList();
        }
    }

    @Test
    void a_second_inspect_measures_nothing_and_finds_the_same() {
        CommandRun first = inspecting("--cache", "none");
        CommandRun second = inspecting("--cache", "none");
        assertThat(first.err()).contains(MEASURING);
        assertThat(second.err()).doesNotContain(MEASURING);
        assertThat(cached(first.json())).isFalse();
        assertThat(cached(second.json())).isTrue();
        for (String key : List.of("layers", "similarity", "cka", "dependency", "pairs", "groups", "plans", "windows")) {
            assertThat(second.json().get(key)).as(key).isEqualTo(first.json().get(key));
        }
        assertThat(second.json().get("heldOut"))
                .isNotNull()
                .isEqualTo(first.json().get("heldOut"));
    }

    @Test
    void a_convert_after_an_inspect_measures_nothing_and_takes_the_same_plan() {
        JsonNode plan = inspect().get("plans").get(0);
        CommandRun convert = CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                directory.resolve("model"),
                "--text",
                text,
                "--tokens",
                64,
                "--depth",
                3,
                "--cache",
                report.resolve("measurements"),
                "--format",
                "json");
        assertThat(convert.err()).doesNotContain(MEASURING);
        assertThat(convert.json().get("pairs")).isEqualTo(plan.get("pairs"));
        assertThat(convert.json().at("/choice/measuredLoss")).isEqualTo(plan.get("measuredLoss"));
        assertThat(convert.json().at("/choice/predictedLoss")).isEqualTo(plan.get("predictedLoss"));
    }

    @Test
    void an_inspect_after_a_convert_measures_the_layers_only() {
        Path cache = directory.resolve("cache");
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                directory.resolve("model"),
                "--text",
                text,
                "--tokens",
                64,
                "--depth",
                2,
                "--cache",
                cache,
                "--quiet");
        assertThat(cached(inspecting("--cache", cache).json())).isFalse();
        assertThat(cached(inspecting("--cache", cache).json())).isTrue();
    }

    @Test
    void another_text_length_or_form_is_measured_again() throws IOException {
        inspect();
        assertThat(cached(inspect("--tokens", 65))).isFalse();
        assertThat(cached(inspect("--one-sync"))).isFalse();
        Files.writeString(text, TinyLlama.text(1200, 2));
        assertThat(cached(inspect())).isFalse();
        Files.writeString(text, TinyLlama.text(1200, 1));
        assertThat(cached(inspect())).isTrue();
        assertThat(cached(inspect("--one-sync"))).isTrue();
    }

    @Test
    void a_changed_weight_is_measured_again_though_size_and_name_are_the_same() throws IOException {
        JsonNode before = inspect();
        TinyLlama.create()
                .words()
                .element(TinyLlama.name(2, "mlp.down_proj.weight"), 77, 3)
                .write(checkpoint);
        JsonNode after = inspect();
        assertThat(cached(after)).isFalse();
        assertThat(after.get("layers").get(2)).isNotEqualTo(before.get("layers").get(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[]",
                "\u0000\u0001",
                "{\"subject\": null, \"plans\": null, \"layers\": null}",
                "{\"subject\": {}, \"plans\": {}, \"layers\": null}"
            })
    void a_file_that_is_something_else_is_written_anew(String content) throws IOException {
        JsonNode plans = inspect().get("plans");
        for (Path file : kept()) {
            Files.writeString(file, content);
        }
        JsonNode again = inspect();
        assertThat(cached(again)).isFalse();
        assertThat(again.get("plans")).isEqualTo(plans);
        assertThat(cached(inspect())).isTrue();
    }

    @Test
    void a_damaged_file_is_written_anew() throws IOException {
        inspect();
        for (Path file : kept()) {
            String whole = Files.readString(file);
            for (String damaged : List.of(
                    whole.substring(0, whole.length() / 2),
                    whole + whole,
                    whole.replaceFirst("\"plans\":\\{.*?\\}\\}", "\"plans\":null"),
                    whole.replaceFirst("\"loss\":[0-9.]+", "\"loss\":null"),
                    whole.replaceFirst("\"loss\":[0-9.]+,", ""),
                    whole.replaceFirst("\"method\":\"[^\"]*\"", "\"method\":\"0\""))) {
                assertThat(damaged).isNotEqualTo(whole);
                Files.writeString(file, damaged);
                assertThat(cached(inspect())).as(damaged).isFalse();
                assertThat(file).content().isEqualTo(whole);
            }
        }
    }

    @Test
    void a_cache_that_cannot_be_written_is_mentioned_once_and_done_without() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "mine");
        CommandRun run = inspecting("--cache", file.resolve("cache"));
        assertThat(run.err()).containsOnlyOnce("cannot keep the measurements").contains(file.toString());
        assertThat(file).hasContent("mine");
        assertThat(run.json()).isInstanceOf(ObjectNode.class);
        assertThat(cached(inspect())).isTrue();
    }

    @Test
    void the_users_cache_and_the_report_both_keep_measurements() throws IOException {
        Path cache = directory.resolve("cache");
        inspecting("--cache", cache);
        assertThat(kept()).hasSize(2);
        for (Path file : kept()) {
            assertThat(cache.resolve(file.getFileName())).hasSameTextualContentAs(file);
        }
        report = directory.resolve("elsewhere");
        assertThat(cached(inspecting("--cache", cache).json())).isTrue();
    }

    @Test
    void no_half_written_file_is_left() throws IOException {
        inspect();
        try (Stream<Path> files = Files.walk(report)) {
            assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
        }
    }
}
