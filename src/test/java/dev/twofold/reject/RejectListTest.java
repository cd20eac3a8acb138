package dev.twofold.reject;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.twofold.cli.Main;
import dev.twofold.reject.RejectRun.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole reject list in one process with a heap of 256 MB, of which each case asks for less than that in all. */
final class RejectListTest {

    private static final String HEAP = "-Xmx256m";
    private static final long HEAP_BYTES = 256L << 20;

    /** By the clock, for a reader that waits for a pipe or tries everything would never end; none needs two seconds. */
    private static final long PATIENCE_MILLIS = 60_000;

    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> every_case_is_refused_or_accepted_as_the_list_says() throws Exception {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        int exit = java(RejectRun.class, List.of(), out, err);
        List<Outcome> outcomes = new ArrayList<>();
        for (String line : Files.readAllLines(out, StandardCharsets.UTF_8)) {
            outcomes.add(new JsonMapper().readValue(line, Outcome.class));
        }
        assertThat(exit)
                .as("%d cases, then: %s", outcomes.size(), Files.readString(err))
                .isZero();
        assertThat(outcomes).hasSameSizeAs(RejectList.cases());
        return outcomes.stream()
                .map(outcome -> DynamicTest.dynamicTest(outcome.group() + ": " + outcome.name(), () -> {
                    assertThat(outcome.problems()).as(outcome.said()).isEmpty();
                    assertThat(outcome.allocated()).as("bytes allocated").isLessThan(HEAP_BYTES);
                    assertThat(outcome.millis()).as("milliseconds").isLessThan(PATIENCE_MILLIS);
                }));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"safetensors: 100 MB of tensors", "index: weights that are a FIFO", "output: an empty directory"
            })
    void a_process_of_its_own_ends_with_the_same_code(String name) throws Exception {
        Case chosen = RejectList.cases().stream()
                .filter(next -> next.toString().equals(name))
                .findFirst()
                .orElseThrow();
        List<String> command = chosen.scene().arrange(Files.createDirectory(directory.resolve("scene")));
        Path err = directory.resolve("err");
        assertThat(java(Main.class, command, directory.resolve("out"), err)).isEqualTo(chosen.exit());
        assertThat(chosen.says()).allSatisfy(part -> assertThat(err).content().contains(part));
    }

    private static int java(Class<?> main, List<String> arguments, Path out, Path err)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-XX:+UseParallelGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(15, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("does not end; so far: " + Files.readString(out) + Files.readString(err));
        }
        return process.exitValue();
    }
}
