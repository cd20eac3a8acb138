package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A manifest and its checkpoint make the output again, byte for byte. */
final class FromManifestTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path first;
    private Path second;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        checkpoint = TinyLlama.create()
                .words()
                .file("generation_config.json", "{\"eos_token_id\": 2}")
                .write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(3000, 5));
        first = directory.resolve("first");
        second = directory.resolve("second");
    }

    private CommandRun repeat(Object... more) {
        Object[] arguments = Stream.concat(
                        Stream.of(
                                "convert", checkpoint, "-o", second, "--from-manifest", first.resolve("twofold.json")),
                        Arrays.stream(more))
                .toArray();
        return CommandRun.of(arguments);
    }

    private void convert(String options) {
        Object[] arguments = Stream.concat(
                        Stream.of("convert", checkpoint, "-o", first, "--quiet"), Arrays.stream(options.split(" ")))
                .toArray();
        CommandRun.succeeding(arguments);
    }

    private static void assertSameBytes(Path one, Path other) throws IOException {
        List<Path> names = files(one);
        assertThat(files(other)).isEqualTo(names).hasSizeGreaterThan(6);
        for (Path name : names) {
            assertThat(Files.mismatch(one.resolve(name), other.resolve(name)))
                    .as("%s", name)
                    .isEqualTo(-1);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(Files::isRegularFile)
                    .map(root::relativize)
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--window 0:4",
                "--window 0:4 --dtype fp16 --dialect onnx",
                "--pairs 1-2 --one-sync --kv-layout wide --dtype bf16",
                "--pipeline drop-layers-1",
                "--window 0:4 --devices 2",
                "--window 0:4 --devices 2 --collective tensorrt",
            })
    void the_same_bytes_come_out(String options) throws IOException {
        Path pipeline = Files.writeString(
                directory.resolve("plan.yaml"), "steps:\n  - drop-layers: {layers: [1]}\n  - fold-norms\n");
        convert(options.replace("drop-layers-1", pipeline.toString()));
        Files.delete(pipeline);
        CommandRun run = repeat();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("every file is as the manifest says");
        assertSameBytes(first, second);
    }

    /** What a checkpoint says of its family decides what the model computes. */
    @Test
    void a_family_that_the_checkpoint_describes_is_one_of_its_files() throws IOException {
        Path family = checkpoint.resolve("twofold-family.yaml");
        Files.copy(Path.of("src/main/resources/dev/twofold/families/llama.yaml"), family);
        convert("--window 0:4");
        assertThat(manifest().at("/source/files/twofold-family.yaml/sha256").asText())
                .hasSize(64);
        CommandRun run = repeat();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertSameBytes(first, second);
        Files.writeString(family, Files.readString(family).replace("attention:\n", "attention:\n  cap: 5\n"));
        assertThat(repeat("--force").err()).contains("twofold-family.yaml", "was not converted from this checkpoint");
        CommandRun validated = CommandRun.of("validate", first, "--against", checkpoint, "--text", text);
        assertThat(validated.exitCode()).isEqualTo(3);
        assertThat(validated.err()).contains("twofold-family.yaml");
        Files.delete(family);
        assertThat(repeat("--force").exitCode()).isEqualTo(3);
    }

    @Test
    void ranks_that_are_replaced_are_compared_with_what_they_were() throws IOException {
        convert("--window 0:4 --devices 2");
        Path rank = first.resolve("rank-1/twofold.json");
        ObjectNode changed = (ObjectNode) MAPPER.readTree(rank.toFile());
        changed.withObject("/files/model.onnx.data").put("sha256", "0".repeat(64));
        MAPPER.writeValue(rank.toFile(), changed);
        CommandRun run = CommandRun.of(
                "convert", checkpoint, "-o", first, "--force", "--from-manifest", first.resolve("twofold.json"));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("FAILED", "rank-1/model.onnx.data");
    }

    @Test
    void the_same_bytes_come_out_of_a_chosen_plan_without_measuring() throws IOException {
        convert("--depth 3 --text " + text + " --tokens 512 --cache none");
        Files.delete(text);
        CommandRun run = repeat("--format", "json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.json().get("pairs").size()).isEqualTo(1);
        assertThat(run.json().get("differs").isEmpty()).isTrue();
        assertSameBytes(first, second);
    }

    @Test
    void the_fits_of_a_compensated_model_are_repeated_on_the_same_text_only() throws IOException {
        convert("--window 0:4 --compensate --calibration-tokens 2048 --text " + text);
        CommandRun run = repeat("--text", text);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertSameBytes(first, second);
        assertThat(manifest().at("/libraries/onnxruntime").asText()).matches("\\d+\\.\\d+.*");

        Files.writeString(text, "w7 w8 w9\n", StandardOpenOption.APPEND);
        assertThat(repeat("--text", text, "--force").exitCode())
                .as("words after those it was fitted to")
                .isZero();
        Files.writeString(text, TinyLlama.text(3000, 6));
        CommandRun other = repeat("--text", text, "--force");
        assertThat(other.exitCode()).isEqualTo(3);
        assertThat(other.err()).contains("fitted to another text", "--text");
    }

    @Test
    void a_checkpoint_that_was_moved_keeps_its_name_in_the_manifest() throws IOException {
        convert("--window 0:4");
        Path moved = directory.resolve("moved");
        Files.move(checkpoint, moved);
        checkpoint = moved;
        assertThat(repeat().exitCode()).isZero();
        assertSameBytes(first, second);
    }

    @Test
    void a_directory_stands_for_the_manifest_in_it() throws IOException {
        convert("--window 0:4");
        CommandRun.succeeding("convert", checkpoint, "-o", second, "--from-manifest", first);
        assertSameBytes(first, second);
    }

    @Test
    void one_rank_of_a_sharded_model_is_made_again() throws IOException {
        convert("--window 0:4 --devices 2");
        CommandRun run = repeat("--rank", 1);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertSameBytes(first.resolve("rank-1"), second.resolve("rank-1"));
        assertThat(second.resolve("rank-0")).doesNotExist();
        CommandRun ofRank = CommandRun.of(
                "convert", checkpoint, "-o", second, "--force", "--from-manifest", first.resolve("rank-1"));
        assertThat(ofRank.exitCode()).isEqualTo(3);
        assertThat(ofRank.err()).contains("the manifest of one rank", "--rank");
    }

    @Test
    void another_checkpoint_of_the_same_shape_is_refused_by_its_file() throws IOException {
        convert("--window 0:4");
        TinyLlama.create().element("model.norm.weight", 5, 0.5f).words().write(checkpoint);
        CommandRun run = repeat();
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains(
                        checkpoint.resolve("model.safetensors") + ": the model was not converted from this checkpoint",
                        "SHA-256",
                        "give the checkpoint that the output was made from: checkpoint");
        assertThat(second).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"generation_config.json", "tokenizer.json", "vocab.json", "config.json"})
    void every_file_has_to_be_the_same(String name) throws IOException {
        convert("--window 0:4");
        Files.writeString(checkpoint.resolve(name), " ", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        CommandRun run = repeat();
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains(checkpoint.resolve(name).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--window 0:2",
                "--dtype fp16",
                "--dialect onnx",
                "--kv-layout wide",
                "--compensate",
                "--provider cpu",
                "--tokens 64",
                "--pipeline one-sync",
                "--text text.txt"
            })
    void options_that_would_decide_something_do_not_go_with_it(String option) {
        convert("--window 0:4");
        CommandRun run = repeat((Object[]) option.split(" "));
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(option.split(" ")[0]);
    }

    @Test
    void an_output_that_is_not_the_manifests_fails_and_is_named() throws IOException {
        convert("--window 0:4");
        ObjectNode manifest = (ObjectNode) manifest();
        ((ObjectNode) manifest.at("/files/model.onnx.data")).put("sha256", "0".repeat(64));
        manifest.put("twofold", "0.0.1");
        MAPPER.writeValue(first.resolve("twofold.json").toFile(), manifest);
        CommandRun run = repeat();
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .contains("the manifest is of twofold 0.0.1", "FAILED not as the manifest says: model.onnx.data");
    }

    @Test
    void a_manifest_without_the_hashes_of_the_checkpoint_is_refused() throws IOException {
        convert("--window 0:4");
        ObjectNode manifest = (ObjectNode) manifest();
        ((ObjectNode) manifest.at("/source/files")).put("config.json", 581);
        MAPPER.writeValue(first.resolve("twofold.json").toFile(), manifest);
        CommandRun run = repeat();
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("earlier Twofold", "convert the checkpoint again");
    }

    @Test
    void a_missing_manifest_and_an_unknown_dialect_are_refused() throws IOException {
        CommandRun missing = repeat();
        assertThat(missing.exitCode()).isEqualTo(3);
        assertThat(missing.err()).contains("no such manifest");
        convert("--window 0:4");
        ObjectNode manifest = (ObjectNode) manifest();
        ((ObjectNode) manifest.get("emission")).put("dialect", "coreml");
        MAPPER.writeValue(first.resolve("twofold.json").toFile(), manifest);
        CommandRun unknown = repeat();
        assertThat(unknown.exitCode()).isEqualTo(3);
        assertThat(unknown.err()).contains("dialect", "coreml", "[ort, onnx]");
    }

    private JsonNode manifest() throws IOException {
        return MAPPER.readTree(first.resolve("twofold.json").toFile());
    }
}
