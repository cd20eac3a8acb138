package dev.twofold.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "twofold",
        description =
                "Makes language models shallower and wider: a decoder checkpoint in, a layer-parallel ONNX model out.",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:a check failed",
            "2:the command line or a plan given on it is wrong",
            "3:an input was rejected",
            "4:the environment failed: disk, memory, a provider that is missing",
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
            HelpCommand.class
        })
final class TwofoldCommand implements Runnable {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command");
    }
}
