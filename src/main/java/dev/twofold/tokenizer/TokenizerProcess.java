package dev.twofold.tokenizer;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A tokenizer in another process, which gets so much memory and, for each request, so much time. Whatever the library
 * does there, this process goes on.
 */
public final class TokenizerProcess implements AutoCloseable {

    /** Of the heap; the library takes its memory beside it. */
    private static final String HEAP = "-Xmx1g";

    /** Kilobytes of addresses that the whole process may have, most of which it does not use. */
    private static final long ADDRESSES = 12L << 20;

    private static final Path NOWHERE = Path.of("/dev/null");

    /** Where the library is unpacked to. */
    private static final List<String> PASSED_ON = List.of("DJL_CACHE_DIR", "user.home", "java.io.tmpdir");

    /** The library encodes a megabyte in about a second. */
    private static final long BYTES_A_SECOND = 100_000;

    private final Duration patience;
    private final Process process;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final ScheduledExecutorService watch;

    private TokenizerProcess(Duration patience, Process process) {
        this.patience = patience;
        this.process = process;
        this.in = new DataInputStream(process.getInputStream());
        this.out = new DataOutputStream(process.getOutputStream());
        this.watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "tokenizer watch");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The library could not be loaded, whatever the file. */
    public static final class LibraryException extends IOException {

        private static final long serialVersionUID = 1L;

        LibraryException(String message) {
            super(message);
        }
    }

    /**
     * @param patience with a request, beside what its length takes
     * @throws LibraryException if the library cannot be loaded
     * @throws IOException if it makes nothing of the file; its message says why
     */
    public static TokenizerProcess open(Path file, Duration patience) throws IOException {
        TokenizerProcess tokenizer = new TokenizerProcess(patience, start(file));
        try {
            tokenizer.load();
            tokenizer.answer(0);
            return tokenizer;
        } catch (IOException | RuntimeException | Error e) {
            tokenizer.close();
            throw e;
        }
    }

    private static Process start(Path file) throws LibraryException {
        ProcessBuilder builder = new ProcessBuilder(command(file)).redirectError(ProcessBuilder.Redirect.DISCARD);
        // They are for the process that asks, and may contradict those given here.
        builder.environment().keySet().removeAll(Set.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"));
        try {
            return builder.start();
        } catch (IOException e) {
            throw new LibraryException("no process can be started: " + e.getMessage());
        }
    }

    private void load() throws LibraryException {
        try {
            answer(0);
        } catch (IOException e) {
            throw new LibraryException(String.valueOf(e.getMessage()));
        }
    }

    /** On Unix, a shell sets the limit of memory before it becomes Java. */
    private static List<String> command(Path file) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/bin/sh"))) {
            command.addAll(List.of(
                    "/bin/sh",
                    "-c",
                    "ulimit -c 0 2>/dev/null; ulimit -v " + ADDRESSES + " 2>/dev/null; exec \"$0\" \"$@\""));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                // Answers are on standard output, where Java has its own say otherwise; and a crash leaves no file.
                "-Xlog:disable",
                "-Xlog:all=error:stderr",
                "-XX:+DisplayVMOutputToStderr",
                "-XX:ErrorFile=" + (Files.exists(NOWHERE) ? NOWHERE : "NUL"),
                "-XX:-CreateCoredumpOnCrash"));
        PASSED_ON.forEach(name -> Optional.ofNullable(System.getProperty(name))
                .ifPresent(value -> command.add("-D" + name + "=" + value)));
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                TokenizerMain.class.getName(),
                file.toAbsolutePath().toString()));
        return command;
    }

    /** The token ids of a text, with the special tokens that the tokenizer adds. */
    public long[] encode(String text) throws IOException {
        return Wire.ids(request(Wire.ENCODE, Wire.text(text)));
    }

    /** The same without them; special tokens that are spelled out in the text are what they are called. */
    public long[] encodePlain(String text) throws IOException {
        return Wire.ids(request(Wire.ENCODE_PLAIN, Wire.text(text)));
    }

    /** What a chat template makes of variables, which are a JSON object. */
    String render(String template, String variables) throws IOException {
        return Wire.text(request(Wire.RENDER, Wire.texts(template, variables)));
    }

    /** The text of token ids, without special tokens. */
    public String decode(long[] ids) throws IOException {
        return Wire.text(request(Wire.DECODE, Wire.ids(ids)));
    }

    private synchronized byte[] request(int kind, byte[] content) throws IOException {
        try {
            Wire.write(out, kind, content);
        } catch (IOException e) {
            throw new IOException(brokenOff(), e);
        }
        return answer(content.length);
    }

    private byte[] answer(long bytes) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        long seconds = patience.toSeconds() + bytes / BYTES_A_SECOND;
        ScheduledFuture<?> limit = watch.schedule(
                () -> {
                    late.set(true);
                    process.destroyForcibly();
                },
                seconds,
                TimeUnit.SECONDS);
        int kind;
        byte[] content;
        try {
            kind = in.read();
            content = kind < 0 ? new byte[0] : Wire.read(in);
        } catch (IOException e) {
            throw new IOException(late.get() ? noEnd(seconds) : brokenOff(), e);
        } finally {
            limit.cancel(false);
        }
        if (kind < 0) {
            throw new IOException(late.get() ? noEnd(seconds) : brokenOff());
        } else if (kind == Wire.FAILED) {
            throw new IOException(Wire.text(content));
        } else if (kind != Wire.DONE) {
            process.destroyForcibly();
            throw new IOException(brokenOff());
        }
        return content;
    }

    private static String noEnd(long seconds) {
        return "the tokenizers library has found no end after " + seconds + " s";
    }

    private String brokenOff() {
        try {
            boolean gone = process.waitFor(1, TimeUnit.SECONDS);
            return "the tokenizers library broke off" + (gone ? " with exit code " + process.exitValue() : "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
        process.destroyForcibly();
    }
}
