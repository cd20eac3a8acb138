package dev.twofold.cli;

import dev.twofold.diag.Printable;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.pipeline.FromManifest;
import dev.twofold.report.Manifest;
import dev.twofold.report.Verification;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Checks every file of a converted model against its manifest.",
            "Each file must have the size and SHA-256 of the manifest. None may be missing or extra, or be a link to"
                    + " elsewhere. The statements about where the model comes from, and the options in the manifest,"
                    + " must agree with it."
        })
final class VerifyCommand implements Callable<Integer> {

    @Parameters(paramLabel = "DIR", description = "A directory that convert wrote.")
    private Path directory = Path.of("");

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        Verification verification = Verification.of(directory);
        List<String> problems = new ArrayList<>();
        verification.problems().forEach(problem -> problems.add(Printable.line(problem)));
        plan(verification.manifest()).ifPresent(problems::add);
        problems.forEach(problem -> console.out().println("FAILED " + problem));
        if (problems.isEmpty() && !console.quiet()) {
            Manifest manifest = verification.manifest();
            console.out()
                    .println(Printable.line(directory + ": " + verification.files()
                            + " files are as they were written, by twofold " + manifest.twofold() + " from "
                            + manifest.source().name()));
        }
        return problems.isEmpty() ? 0 : Main.CHECK_FAILED;
    }

    /** What is wrong with the options in the manifest. Those of another version need not be known to this one. */
    private Optional<String> plan(Manifest manifest) {
        try {
            FromManifest conversion = FromManifest.of(directory.resolve(Manifest.NAME), manifest);
            conversion.target(TrialRuntime.NONE);
            conversion.recipe();
            return Optional.empty();
        } catch (TwofoldException e) {
            if (manifest.twofold().equals(Version.current())) {
                return Optional.of(e.getMessage());
            }
            console.notice("note: made by twofold " + manifest.twofold() + ", which this version, " + Version.current()
                    + ", cannot repeat: " + e.getMessage());
            return Optional.empty();
        }
    }
}
