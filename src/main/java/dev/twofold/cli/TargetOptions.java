package dev.twofold.cli;

import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the model is written as. */
final class TargetOptions {

    @Option(
            names = "--dialect",
            paramLabel = "NAME",
            description =
                    "Operators: ort (fused, default) or onnx (standard only, default with --collective tensorrt).")
    private @Nullable DialectName dialect;

    @Option(
            names = "--kv-layout",
            paramLabel = "NAME",
            description = "KV caches: per-layer (default) or wide, one a pair.")
    private KvLayout layout = KvLayout.PER_LAYER;

    @Option(
            names = "--collective",
            paramLabel = "NAME",
            description = "With --devices, how the devices meet: ort (com.microsoft.AllReduce, default), tensorrt"
                    + " (DistCollective), or annotate (one model that says how to cut it).")
    private @Nullable CollectiveName collective;

    boolean namesCollective() {
        return collective != null;
    }

    Target target(TrialRuntime runtime) {
        CollectiveName engine = collective == null ? CollectiveName.ORT : collective;
        DialectName operators = dialect == null ? engine.dialect() : dialect;
        return new OnnxTarget(new OnnxOptions(operators, layout, engine), runtime);
    }
}
