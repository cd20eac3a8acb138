package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.cli.Main;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Java of few modules, as {@code jlink} makes for containers. */
final class SmallJavaTest {

    private static final String MODULES =
            "java.base,java.desktop,java.logging,java.management,java.naming,java.xml,jdk.unsupported,jdk.zipfs";

    @TempDir
    private Path directory;

    @Test
    void generate_draws_tokens_without_the_module_of_random_generators() throws IOException, InterruptedException {
        Path checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        Path model = directory.resolve("model");
        CommandRun.succeeding("convert", checkpoint, "-o", model, "--window", "0:0", "--quiet");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules",
                        MODULES,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "generate",
                        model.toString(),
                        "--prompt",
                        "w5",
                        "--temperature",
                        "1",
                        "--quiet"))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
    }
}
