package dev.twofold.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.twofold.diag.Printable;
import dev.twofold.diag.Progress;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where a command prints: results to standard output, everything for people to standard error. */
final class Console {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--quiet", description = "Print no progress and no notes, only errors and what was asked for.")
    private boolean quiet;

    boolean quiet() {
        return quiet;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Something the user should know. */
    void notice(String text) {
        if (!quiet) {
            spec.commandLine().getErr().println(Printable.lines(text));
        }
    }

    /** Something the user asked for, which is not the result. */
    void aside(String text) {
        spec.commandLine().getErr().println(text);
    }

    /** One JSON document on standard output. */
    void json(Object document) {
        try {
            out().println(JSON.writeValueAsString(document));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a result that is no JSON", e);
        }
    }

    Progress progress() {
        return quiet
                ? Progress.SILENT
                : new ConsoleProgress(spec.commandLine().getErr(), ConsoleProgress.onTerminal(), System::nanoTime);
    }
}
