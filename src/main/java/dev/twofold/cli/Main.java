package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.ort.Plugins;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point. The only place where a failure becomes an exit code. */
public final class Main {

    static final int CHECK_FAILED = 1;
    static final int USAGE = 2;
    static final int INPUT = 3;
    static final int ENVIRONMENT = 4;
    static final int BUG = 70;

    private Main() {}

    public static void main(String[] arguments) {
        StandardOutput output = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        CommandLine line = commandLine();
        line.setOut(new PrintWriter(new BufferedOutputStream(output), true, StandardCharsets.UTF_8));
        int code = line.execute(arguments);
        line.getOut().flush();
        code = released(line, code);
        if (output.failure() != null) {
            line.getErr().println("twofold: cannot write the output: " + output.failure());
            code = ENVIRONMENT;
        }
        System.exit(code);
    }

    private static int released(CommandLine line, int code) {
        try {
            Plugins.release();
            return code;
        } catch (TwofoldException e) {
            return explain(e, line);
        }
    }

    /** The command line, ready to execute; tests set other writers. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new TwofoldCommand())
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(true)
                // A prompt or a path may begin with @, and means itself.
                .setExpandAtFiles(false)
                .setExecutionExceptionHandler(handler())
                .setParameterExceptionHandler(Main::misused);
        Converters.register(line);
        // A prompt may look like an option.
        Objects.requireNonNull(line.getSubcommands().get("generate")).setAllowOptionsAsOptionParameters(true);
        CommandLine.IExecutionStrategy strategy = new CommandLine.RunLast();
        line.setExecutionStrategy(parsed -> guarded(line, parsed, strategy));
        return line;
    }

    private static IExecutionExceptionHandler handler() {
        return (failure, line, parsed) -> explain(failure, line);
    }

    private static int misused(ParameterException failure, String[] arguments) {
        CommandLine line = failure.getCommandLine();
        line.getErr().println("twofold: " + failure.getMessage());
        if (failure instanceof UnmatchedArgumentException unmatched
                && !unmatched.getSuggestions().isEmpty()) {
            line.getErr().println("  try:      " + String.join(", ", unmatched.getSuggestions()));
        } else {
            line.getErr().println("  see:      " + line.getCommandSpec().qualifiedName() + " --help");
        }
        return USAGE;
    }

    private static int explain(Throwable failure, CommandLine line) {
        if (ConsoleProgress.onTerminal()) {
            line.getErr().print(ConsoleProgress.CLEAR_LINE);
        }
        if (failure instanceof TwofoldException known) {
            line.getErr().println("twofold: " + known.getMessage());
            return switch (known.kind()) {
                case USAGE -> USAGE;
                case INPUT -> INPUT;
                case ENVIRONMENT -> ENVIRONMENT;
            };
        }
        line.getErr().println("twofold: this is a bug in Twofold; please report it with the lines below");
        failure.printStackTrace(line.getErr());
        return BUG;
    }

    /** Runs a command. picocli hands over exceptions only; an exhausted heap is the environment's failure, not ours. */
    private static int guarded(CommandLine line, ParseResult parsed, CommandLine.IExecutionStrategy strategy) {
        try {
            return strategy.execute(parsed);
        } catch (OutOfMemoryError e) {
            line.getErr().println("twofold: out of memory: " + e.getMessage());
            line.getErr().println("  try:      TWOFOLD_JAVA_OPTS=-Xmx8g twofold ...");
            return ENVIRONMENT;
        } catch (Error e) {
            return explain(e, line);
        }
    }
}
