package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VerifyTest {

    @TempDir
    private Path directory;

    private Path output;

    @BeforeEach
    void convert() throws IOException {
        output = directory.resolve("output");
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:2", "--quiet");
    }

    private void assertFailsWith(String problem) {
        CommandRun run = CommandRun.of("verify", output);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("FAILED " + problem);
    }

    @Test
    void an_output_is_as_it_was_written() {
        assertThat(CommandRun.succeeding("verify", output).out()).contains("as they were written");
    }

    @Test
    void a_changed_byte_is_found() throws IOException {
        Path data = output.resolve("model.onnx.data");
        byte[] bytes = Files.readAllBytes(data);
        bytes[bytes.length / 2] ^= 1;
        Files.write(data, bytes);
        assertFailsWith("model.onnx.data: has sha256");
    }

    @Test
    void a_shortened_file_is_found() throws IOException {
        Files.write(output.resolve("config.json"), new byte[3]);
        assertFailsWith("config.json: has 3 bytes");
    }

    @Test
    void a_missing_file_is_found() throws IOException {
        Files.delete(output.resolve("genai_config.json"));
        assertFailsWith("genai_config.json: is missing");
    }

    @Test
    void an_extra_file_is_found() throws IOException {
        Files.writeString(output.resolve("extra.bin"), "x");
        assertFailsWith("extra.bin: is not in the manifest");
    }

    /** Or its name would print lines of its own, and wipe out those before. */
    @Test
    void a_name_does_not_steer_the_terminal() throws IOException {
        Files.writeString(output.resolve("a\u001b[1A\u001b[2K: fine\nALL GOOD"), "x");
        CommandRun run = CommandRun.of("verify", output);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).doesNotContain("\u001b").contains("FAILED a?[1A?[2K: fine");
        assertThat(run.out().lines()).allMatch(line -> line.startsWith("FAILED "));
    }

    @Test
    void a_link_is_found() throws IOException {
        Path config = output.resolve("config.json");
        Files.move(config, directory.resolve("elsewhere.json"));
        Files.createSymbolicLink(config, directory.resolve("elsewhere.json"));
        assertFailsWith("config.json: is a link");
    }

    /** As downloads of the hub lie in its cache. */
    @Test
    void links_to_blobs_of_a_hub_cache_are_sound_and_others_are_found() throws IOException {
        Path repository = directory.resolve("models--somebody--model");
        Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve("0123abcd"));
        Path blobs = Files.createDirectory(repository.resolve("blobs"));
        try (Stream<Path> files = Files.list(output)) {
            for (Path file : files.toList()) {
                Path blob = blobs.resolve("of-" + file.getFileName());
                Files.move(file, blob);
                Files.createSymbolicLink(
                        snapshot.resolve(String.valueOf(file.getFileName())),
                        Path.of("..", "..", "blobs", String.valueOf(blob.getFileName())));
            }
        }
        assertThat(CommandRun.of("verify", snapshot).exitCode()).isZero();
        Path config = snapshot.resolve("config.json");
        Files.delete(config);
        Files.createSymbolicLink(config, directory.resolve("elsewhere.json"));
        Files.copy(blobs.resolve("of-config.json"), directory.resolve("elsewhere.json"));
        assertThat(CommandRun.of("verify", snapshot).out()).contains("config.json: is a link");
    }

    @Test
    void a_hard_link_is_found() throws IOException {
        Files.createLink(directory.resolve("elsewhere.data"), output.resolve("model.onnx.data"));
        assertFailsWith("model.onnx.data: is a hard link");
    }

    @Test
    void an_extra_directory_is_found() throws IOException {
        Files.createDirectory(output.resolve("extra"));
        assertFailsWith("extra: is not in the manifest");
    }

    @Test
    void a_directory_in_the_place_of_a_file_is_found() throws IOException {
        Files.delete(output.resolve("config.json"));
        Files.createDirectory(output.resolve("config.json"));
        assertFailsWith("config.json: is not a file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model-signing.intoto.json", "slsa-provenance.intoto.json"})
    void a_changed_or_missing_statement_is_found(String name) throws IOException {
        Path statement = output.resolve(name);
        Files.writeString(statement, Files.readString(statement).replace("checkpoint", "somebody-elses"));
        assertFailsWith(name + ": does not say what the manifest says");
        Files.delete(statement);
        assertFailsWith(name + ": is missing");
    }

    @Test
    void a_changed_manifest_is_found_by_the_statements() throws IOException {
        Path manifest = output.resolve("twofold.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"effectiveDepth\" : 3", "\"effectiveDepth\" : 2"));
        assertFailsWith("model-signing.intoto.json: does not say what the manifest says");
    }

    @Test
    void options_that_this_version_should_know_are_checked() throws IOException {
        Path manifest = output.resolve("twofold.json");
        Files.writeString(manifest, Files.readString(manifest).replace("fold-norms", "fold-worms"));
        assertFailsWith(manifest + ": unknown pass 'fold-worms'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../config.json", "/etc/passwd", "", "a/../b", "\\u0000"})
    void a_manifest_that_names_files_elsewhere_is_rejected(String name) throws IOException {
        Path manifest = output.resolve("twofold.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"genai_config.json\"", '"' + name + '"'));
        CommandRun run = CommandRun.of("verify", output);
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains("twofold.json, key files: the manifest names a file that cannot be in the directory")
                .doesNotContain("\tat ");
    }

    @Test
    void every_rank_of_a_sharded_model_is_checked() throws IOException {
        Path sharded = directory.resolve("sharded");
        CommandRun.succeeding(
                "convert",
                directory.resolve("checkpoint"),
                "-o",
                sharded,
                "--window",
                "0:2",
                "--devices",
                2,
                "--quiet");
        assertThat(CommandRun.succeeding("verify", sharded).out()).contains("as they were written");
        output = sharded;
        Files.delete(sharded.resolve("rank-1").resolve("slsa-provenance.intoto.json"));
        assertFailsWith("rank-1/slsa-provenance.intoto.json: is missing");
        Files.createFile(sharded.resolve("extra"));
        assertFailsWith("extra: is not in the manifest");
    }

    @Test
    void it_says_what_made_the_output_and_of_what() {
        assertThat(CommandRun.succeeding("verify", output).out()).contains("by twofold development from checkpoint");
    }

    @Test
    void a_directory_without_a_manifest_is_rejected() {
        assertThat(CommandRun.of("verify", directory).exitCode()).isEqualTo(3);
    }
}
