package dev.twofold.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "twofold",
        description =
                "Makes language models shallower and wider: it reads a checkpoint, runs chosen layers side by side,"
                        + " and writes an ONNX model.",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:a check failed",
            "2:something on the command line is wrong",
            "3:an input is bad, and was refused",
            "4:the machine failed: no room on the disk, no memory, a provider that is missing",
            "70:a bug in Twofold"
        },
        subcommands = {
            InspectCommand.class,
            ConvertCommand.class,
            ValidateCommand.class,
            GenerateCommand.class,
            BenchCommand.class,
            EstimateCommand.class,
            VerifyCommand.class,
            PassesCommand.class,
            ProvidersCommand.class,
            HelpCommand.class
        })
final class TwofoldCommand implements Runnable {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
