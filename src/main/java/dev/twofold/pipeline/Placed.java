package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.Host;
import dev.twofold.ort.NodePlacement;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.OnnxTarget;
import java.nio.file.Path;

/** Where the nodes of an output run on a provider. */
public final class Placed {

    private Placed() {}

    /**
     * Loads every model of an output on the host's provider, runs a token, and says which nodes ran on the CPU. On the CPU, of parts of a
     * model, and of what ONNX Runtime does not run there is nothing to say.
     *
     * <p>The output is written by now, and good; a provider that is missing is only said.
     */
    public static void report(Path directory, Manifest manifest, Host host) {
        if (!manifest.emission().target().equals(OnnxTarget.NAME)
                || host.provider().isCpu()) {
            return;
        }
        OutputModel first = OutputModel.of(directory);
        try {
            report(first, host);
            first.others().forEach(file -> report(OutputModel.of(file), host));
        } catch (TwofoldException missing) {
            host.notice("note: the output was not tried on " + host.provider() + ": " + missing.getMessage());
        }
    }

    private static void report(OutputModel model, Host host) {
        CudaAttention.note(model.manifest(), host.provider()).ifPresent(host::notice);
        new ModelOpener(host)
                .placement(model.place(), model.manifest())
                .map(nodes -> describe(nodes, model, host))
                .filter(note -> !note.isEmpty())
                .ifPresent(host::notice);
    }

    private static String describe(NodePlacement nodes, OutputModel model, Host host) {
        String elsewhere = nodes.describe(host.provider());
        return elsewhere.isEmpty() || model.place().equals(model.directory())
                ? elsewhere
                : elsewhere + " (" + model.place() + ")";
    }
}
