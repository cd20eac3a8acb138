package dev.twofold.cli;

import dev.twofold.onnx.WidenedModel;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Provider;
import dev.twofold.report.Manifest;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Loads output directories on the provider the user chose. */
final class Models {

    @Option(names = "--provider", paramLabel = "NAME", description = "cpu (default) or cuda.")
    private Provider provider = Provider.CPU;

    @Option(names = "--device-id", paramLabel = "K", description = "Which GPU (default: 0).")
    private int device;

    Provider provider() {
        return provider;
    }

    int device() {
        return device;
    }

    ModelSession open(Path directory, Manifest manifest, Console console) {
        boolean bf16 = manifest.emission().dtype().equals(Precision.BF16.toString());
        if (bf16 && provider == Provider.CPU) {
            console.notice("note: ONNX Runtime does not compute in bf16 on the CPU;"
                    + " the bf16 weights run with fp32 arithmetic here");
            return ModelSession.open(directory, Optional.of(WidenedModel.read(directory)), provider, device);
        }
        return ModelSession.open(directory, Optional.empty(), provider, device);
    }
}
