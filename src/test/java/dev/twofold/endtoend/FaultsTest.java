package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.twofold.cli.CommandRun;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.Segment;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.inspection.Host;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.CompilerSettings;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.testing.ForkedJvm;
import dev.twofold.testing.Novels;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around a conversion, at a moment that is chosen: one message, and nothing half-written. */
final class FaultsTest {

    @TempDir
    private Path directory;

    /** Something that happens to a conversion. */
    private interface Fault {
        void strike() throws IOException;
    }

    /** Strikes once, when the first weights have been written. */
    private static final class Striking implements Progress {
        private final Fault fault;
        private boolean struck;

        Striking(Fault fault) {
            this.fault = fault;
        }

        @Override
        public void begin(String task, long total, Unit unit) {}

        @Override
        public synchronized void advance(long amount) {
            if (!struck) {
                struck = true;
                try {
                    fault.strike();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void end() {}
    }

    /** A runtime that something happens to when all is written but the manifest. */
    private record Faulty(Fault fault) implements TrialRuntime {

        @Override
        public void load(Path directory, Optional<byte[]> instead) {
            try {
                fault.strike();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void load(Path directory, List<Segment> segments) {
            load(directory, Optional.empty());
        }
    }

    private static void convert(Path checkpoint, Path output, Fault whileWriting, TrialRuntime atTheEnd) {
        CompilerSettings usual = CompilerSettings.DEFAULT;
        CompilerSettings settings = new CompilerSettings(
                Host.SILENT.with(new Striking(whileWriting)),
                usual.texts(),
                usual.cache(),
                usual.rank(),
                usual.dumpAfter(),
                usual.dump(),
                usual.trial(),
                "test");
        Source source = Sources.SHIPPED.open(checkpoint);
        new Compiler(source, new Recipe(List.of()), new OnnxTarget(OnnxOptions.DEFAULT, atTheEnd), settings)
                .compile(output, true);
    }

    /** Converts and stops, while the first weights are written or when all is there but the manifest. */
    public static final class Stopping {
        public static void main(String[] arguments) {
            Fault wait = () -> {
                try {
                    ForkedJvm.ready();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            };
            boolean atTheEnd = arguments[2].equals("end");
            convert(Path.of(arguments[0]), Path.of(arguments[1]), atTheEnd ? () -> {} : wait, new Faulty(wait));
        }
    }

    private List<String> around(Path output) throws IOException {
        try (Stream<Path> entries = Files.list(output.getParent())) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    /** The trained model, whose file is much larger than what is read ahead. */
    private Path novels() throws IOException {
        Path copy = Files.createDirectories(directory.resolve("in").resolve("novels"));
        try (Stream<Path> files = Files.list(Novels.CHECKPOINT)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private Path output() throws IOException {
        return Files.createDirectories(directory.resolve("out")).resolve("model");
    }

    private void assertFailsBy(Path checkpoint, String file, Fault fault) throws IOException {
        assertThatThrownBy(() -> convert(checkpoint, output(), fault, TrialRuntime.NONE))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(checkpoint.resolve(file).toString())
                .satisfies(e -> assertThat(((TwofoldException) e).kind()).isEqualTo(TwofoldException.Kind.ENVIRONMENT));
        assertThat(around(output())).isEmpty();
    }

    @Test
    void a_source_that_shrinks_while_it_is_mapped_is_named() throws IOException {
        Path checkpoint = novels();
        Path weights = checkpoint.resolve("model.safetensors");
        assertFailsBy(checkpoint, "model.safetensors", () -> {
            try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
                channel.truncate(100_000);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "config.json", "tokenizer.json"})
    void a_source_that_disappears_is_named(String name) throws IOException {
        Path checkpoint = novels();
        assertFailsBy(checkpoint, name, () -> Files.delete(checkpoint.resolve(name)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "config.json"})
    void a_source_that_is_written_to_is_named(String name) throws IOException {
        Path checkpoint = novels();
        assertFailsBy(checkpoint, name, () -> {
            try (RandomAccessFile file =
                    new RandomAccessFile(checkpoint.resolve(name).toFile(), "rw")) {
                file.seek(file.length() - 2);
                file.write(32);
            }
        });
    }

    @Test
    void a_source_that_is_replaced_is_named_even_if_size_and_time_are_the_same() throws IOException {
        Path checkpoint = novels();
        Path weights = checkpoint.resolve("model.safetensors");
        assertFailsBy(checkpoint, "model.safetensors", () -> {
            FileTime time = Files.getLastModifiedTime(weights);
            Path other = Files.copy(weights, directory.resolve("other"));
            Files.setLastModifiedTime(other, time);
            Files.move(other, weights, StandardCopyOption.ATOMIC_MOVE);
        });
    }

    @Test
    void a_disk_that_fills_up_is_the_environments_fault_and_is_empty_again() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        if (run("mount", "-t", "tmpfs", "-o", "size=100m", "none", disk.toString()) != 0) {
            abort("NOT TESTED: a full disk, for file systems cannot be mounted here");
        }
        try {
            Path checkpoint = TinyLlama.create().write(directory.resolve("tiny"));
            Path filler = disk.resolve("filler");
            Path output = disk.resolve("model");
            assertThatThrownBy(() -> convert(checkpoint, output, () -> fill(filler), TrialRuntime.NONE))
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("No space left on device")
                    .satisfies(e ->
                            assertThat(((TwofoldException) e).kind()).isEqualTo(TwofoldException.Kind.ENVIRONMENT));
            assertThat(around(output)).containsExactly("filler");
            assertThat(CommandRun.of("convert", checkpoint, "-o", output, "--window", "0:4")
                            .exitCode())
                    .as("the disk is still full")
                    .isEqualTo(4);
            Files.delete(filler);
            CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:4", "--quiet");
            CommandRun.succeeding("verify", output);
            assertThat(around(output)).containsExactly("model");
        } finally {
            run("umount", disk.toString());
        }
    }

    private static void fill(Path file) throws IOException {
        byte[] block = new byte[1 << 16];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (channel.write(ByteBuffer.wrap(block)) == block.length) {
                // Until there is no room.
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @ParameterizedTest
    @CsvSource({"TERM, begin", "INT, begin", "HUP, end"})
    void a_conversion_that_is_told_to_stop_leaves_nothing(String signal, String moment) throws Exception {
        assumeFalse(ignores(signal), "NOT TESTED: " + signal + ", which this process was started to ignore");
        Path checkpoint = TinyLlama.create().write(directory.resolve("in").resolve("tiny"));
        Path output = output().resolve("deep").resolve("model");
        ForkedJvm conversion = ForkedJvm.start(Stopping.class, checkpoint, output, moment);
        assertThat(around(output)).as("a lock and a directory").hasSize(2);
        conversion.signal(signal);
        assertThat(around(output().resolveSibling("any"))).isEmpty();
    }

    /** A process passes on to its children which signals it ignores. */
    private static boolean ignores(String signal) throws IOException {
        int number = List.of("HUP", "INT").indexOf(signal) + 1;
        return number > 0
                && Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).trim(), 16) >> (number - 1) & 1) == 1);
    }

    @ParameterizedTest
    @CsvSource({"begin, false", "end, false", "begin, true", "end, true"})
    void after_a_kill_the_earlier_output_is_there_or_none_and_the_next_conversion_cleans_up(
            String moment, boolean replacing) throws Exception {
        Path checkpoint = TinyLlama.create().write(directory.resolve("in").resolve("tiny"));
        Path output = output();
        if (replacing) {
            CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:2", "--quiet");
        }
        ForkedJvm conversion = ForkedJvm.start(Stopping.class, checkpoint, output, moment);
        CommandRun second = CommandRun.of("convert", checkpoint, "-o", output, "--window", "0:4", "--force");
        assertThat(second.exitCode()).isEqualTo(4);
        assertThat(second.err()).contains("another conversion is writing this output");
        conversion.kill();
        assertThat(Files.exists(output)).isEqualTo(replacing);
        if (replacing) {
            CommandRun.succeeding("verify", output);
        }
        CommandRun next = CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:4", "--force");
        assertThat(next.err()).contains("removed what a conversion that was killed had left");
        CommandRun.succeeding("verify", output);
        assertThat(around(output)).containsExactly("model");
    }
}
