package dev.twofold.cli;

import dev.twofold.report.Verification;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Checks every file of a converted model against its manifest.")
final class VerifyCommand implements Callable<Integer> {

    @Parameters(paramLabel = "DIR", description = "An output directory of convert.")
    private Path directory = Path.of("");

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        Verification verification = Verification.of(directory);
        verification.problems().forEach(problem -> console.out().println("FAILED " + problem));
        boolean passed = verification.problems().isEmpty();
        if (passed && !console.quiet()) {
            console.out().println(directory + ": " + verification.files() + " files are as they were written");
        }
        return passed ? 0 : Main.CHECK_FAILED;
    }
}
