package dev.twofold.target.onnx;

import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.check.GraphCheck;
import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.target.Part;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Loads what was written. A device's part is loaded between the operators in which the devices meet, which no runtime here has. ONNX
 * Runtime has no bf16 kernels on the CPU, so there it is the form that runs there which is loaded.
 */
final class LoadCheck {

    private LoadCheck() {}

    static void of(Part part, Path directory, TrialRuntime runtime) {
        GraphCheck.require(directory);
        if (runtime.equals(TrialRuntime.NONE)) {
            return;
        }
        boolean widened = part.decoder().precision() == Precision.BF16;
        if (part.rank().isPresent()) {
            runtime.load(directory, SegmentedModel.read(directory, widened));
        } else {
            runtime.load(directory, widened ? Optional.of(WidenedModel.read(directory)) : Optional.empty());
        }
    }
}
