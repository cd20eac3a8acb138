package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    @Test
    void a_link_is_found() throws IOException {
        Path config = output.resolve("config.json");
        Files.move(config, directory.resolve("elsewhere.json"));
        Files.createSymbolicLink(config, directory.resolve("elsewhere.json"));
        assertFailsWith("config.json: is a link");
    }

    @Test
    void a_directory_without_a_manifest_is_rejected() {
        assertThat(CommandRun.of("verify", directory).exitCode()).isEqualTo(3);
    }
}
