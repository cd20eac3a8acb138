package dev.twofold.cli;

import dev.twofold.estimate.HardwareChoice;
import dev.twofold.passes.analysis.ChoosePairs;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a plan of merged steps is chosen for. */
final class GoalOptions {

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Measure the steps, and find the best way to save N of them by merging neighbours.")
    private @Nullable Integer steps;

    @Option(
            names = "--speedup",
            paramLabel = "X",
            description =
                    "With --hardware: find the plan with the least loss that is predicted to decode X times as fast,"
                            + " such as 1.2.")
    private @Nullable Double speedup;

    @Option(
            names = "--hardware",
            paramLabel = "NAME",
            description =
                    "What the model will run on, as 'twofold estimate' knows it. With --max-loss: find the plan that is"
                            + " predicted to be fastest there.")
    private @Nullable String hardware;

    ChoosePairs.Options goal() {
        return new ChoosePairs.Options(null, null, steps, speedup, hardware, null, null);
    }

    /** Over how many devices to cut the model, if the name of the hardware says so. */
    OptionalInt devices() {
        return hardware == null ? OptionalInt.empty() : devices(HardwareChoice.of(hardware));
    }

    private static OptionalInt devices(HardwareChoice choice) {
        return choice.devices().isPresent() && choice.devices().getAsInt() > 1 ? choice.devices() : OptionalInt.empty();
    }
}
