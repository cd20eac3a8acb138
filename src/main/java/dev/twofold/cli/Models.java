package dev.twofold.cli;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Provider;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Loads output directories on the provider the user chose. */
final class Models {

    @Option(names = "--provider", paramLabel = "NAME", description = "cpu (default) or cuda.")
    private Provider provider = Provider.CPU;

    @Option(names = "--device-id", paramLabel = "K", description = "Which GPU (default: 0).")
    private int device;

    private boolean saidOfDevices;

    Provider provider() {
        return provider;
    }

    int device() {
        return device;
    }

    ModelSession open(Path directory, Manifest manifest, Console console) {
        boolean bf16 = manifest.emission().dtype().equals(Precision.BF16.toString());
        boolean widened = bf16 && provider == Provider.CPU;
        if (widened) {
            console.notice("note: ONNX Runtime does not compute in bf16 on the CPU;"
                    + " the bf16 weights run with fp32 arithmetic here");
        }
        requireWhole(directory, manifest);
        if (manifest.sharding().isAbove()) {
            List<ModelSession.Device> ranks = RankDirectories.require(directory, manifest).stream()
                    .map(rank -> new ModelSession.Device(rank, SegmentedModel.read(rank, widened)))
                    .toList();
            if (!saidOfDevices) {
                saidOfDevices = true;
                console.notice("note: devices run as threads of one process, to prove and to compare; an engine with"
                        + " collectives serves them");
            }
            return ModelSession.open(ranks, provider, device);
        }
        Optional<byte[]> instead = widened ? Optional.of(WidenedModel.read(directory)) : Optional.empty();
        return ModelSession.open(directory, instead, provider, device);
    }

    /** One device's part alone computes nothing that is worth having. */
    private static void requireWhole(Path directory, Manifest manifest) {
        Manifest.Sharding sharding = manifest.sharding();
        if (sharding.devices() > 1
                && !sharding.isAbove()
                && !sharding.collective().equals(CollectiveName.ANNOTATE.toString())) {
            throw TwofoldException.input("this is one rank of a model for " + sharding.devices() + " devices")
                    .at(Origin.file(directory))
                    .found("rank " + sharding.ranks().get(0))
                    .hint("give the directory above it, with every rank in it");
        }
    }
}
