package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tiny gpt-oss in MXFP4, beside the one whose experts are the numbers that transformers makes of it. */
final class MicroscaledCheckpointTest {

    private static final Path FOUR_BITS = Path.of("testmodels", "quantized", "gpt_oss-mxfp4");

    @TempDir
    private Path directory;

    @Test
    void mxfp4_becomes_the_bytes_that_the_numbers_of_transformers_become() throws IOException {
        String notes = converted(FOUR_BITS, "ours");
        converted(TinyFamilies.checkpoint("gpt_oss"), "theirs");
        assertThat(notes).contains("quantized (mxfp4)");
        for (String file : new String[] {"model.onnx", "model.onnx.data"}) {
            assertThat(directory.resolve("ours").resolve(file))
                    .hasSameBinaryContentAs(directory.resolve("theirs").resolve(file));
        }
    }

    private String converted(Path checkpoint, String name) {
        return CommandRun.succeeding(
                        "convert", checkpoint, "-o", directory.resolve(name), "--window", "1:3", "--no-load")
                .err();
    }

    @Test
    void blocks_of_another_shape_are_refused() throws IOException {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(FOUR_BITS.resolve(file), copy.resolve(file));
        }
        replace(copy.resolve("model.safetensors"), "[4,64,1,16]", "[4,32,2,16]");
        CommandRun run = CommandRun.of("convert", copy, "-o", directory.resolve("out"), "--quiet");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("down_proj_blocks", "wrong shape of a quantized matrix", "[4, 64, 1, 16]");
    }

    private static void replace(Path file, String what, String by) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(what);
        assertThat(at).isPositive();
        try (RandomAccessFile written = new RandomAccessFile(file.toFile(), "rw")) {
            written.seek(at);
            written.write(by.getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
