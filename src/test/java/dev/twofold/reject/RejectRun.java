package dev.twofold.reject;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.management.ThreadMXBean;
import dev.twofold.cli.CommandRun;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs the reject list in a process of its own, whose heap is as small as its promise says, and prints a line of JSON
 * for each case.
 */
public final class RejectRun {

    private static final ObjectMapper JSON = new JsonMapper();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private RejectRun() {}

    /**
     * What came of a case.
     *
     * @param millis how long it took
     * @param allocated bytes of heap that the thread of the command asked for in all, which measures work and hangs on
     *     neither the machine nor what else it does
     * @param said the message
     * @param problems what was not as it should be
     */
    record Outcome(
            String group,
            String name,
            int expected,
            int exit,
            long millis,
            long allocated,
            String said,
            List<String> problems) {}

    /** @param arguments nothing, or a part of the names of the cases to run */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        String wanted = arguments.length == 0 ? "" : arguments[0];
        for (Case next : RejectList.cases()) {
            if (!next.toString().contains(wanted)) {
                continue;
            }
            Path directory = Files.createTempDirectory("twofold-reject-");
            try {
                out.println(JSON.writeValueAsString(run(next, directory)));
            } finally {
                delete(directory);
            }
        }
    }

    private static Outcome run(Case next, Path directory) throws IOException {
        List<String> command = next.scene().arrange(directory);
        List<String> before = listing(directory);
        long start = System.nanoTime();
        long allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
        CommandRun run = CommandRun.of(command.toArray());
        long millis = (System.nanoTime() - start) / 1_000_000;
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
        List<String> problems = new ArrayList<>();
        if (run.exitCode() != next.exit()) {
            problems.add("exit code " + run.exitCode() + ", not " + next.exit());
        }
        if (!next.accepted()) {
            examine(next, run, problems);
            if (!listing(directory).equals(before)) {
                problems.add("files were left behind or changed: " + listing(directory));
            }
        }
        return new Outcome(
                next.group(), next.name(), next.exit(), run.exitCode(), millis, allocated, run.err(), problems);
    }

    private static void examine(Case next, CommandRun run, List<String> problems) {
        String said = next.exit() == Case.CHECK_FAILED ? run.out() + run.err() : run.err();
        for (String part : next.says()) {
            if (!said.contains(part)) {
                problems.add("does not say '" + part + "'");
            }
        }
        if (next.exit() == Case.CHECK_FAILED) {
            return;
        }
        if (!run.out().isEmpty()) {
            problems.add("prints to standard output");
        }
        if (!said.startsWith("twofold: ")
                || said.lines().filter(line -> !line.startsWith("  ")).count() != 1) {
            problems.add("is not one message");
        }
        if (said.contains("\tat ") || said.contains("Exception")) {
            problems.add("shows Java's side of it");
        }
        if (said.lines().noneMatch(line -> line.matches("  (found|expected|try): .*"))) {
            problems.add("says neither what was found nor what to try");
        }
        if (said.length() > 4_000) {
            problems.add("is " + said.length() + " characters long");
        }
    }

    /** Every file with its size, hidden ones included. */
    private static List<String> listing(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.sorted()
                    .map(path -> directory.relativize(path)
                            + (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                                    ? " " + path.toFile().length()
                                    : ""))
                    .toList();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
