package dev.twofold.cli;

import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the model is written as. */
final class TargetOptions {

    @Option(
            names = "--dialect",
            paramLabel = "NAME",
            description =
                    "Build the graph of ONNX Runtime's fused operators (ort, default) or of standard operators only"
                            + " (onnx, default with --collective tensorrt).")
    private @Nullable DialectName dialect;

    @Option(
            names = "--kv-layout",
            paramLabel = "NAME",
            description = "Keep a KV cache for each layer (per-layer, default) or one for each pair (wide).")
    private KvLayout layout = KvLayout.PER_LAYER;

    @Option(
            names = "--collective",
            paramLabel = "NAME",
            description = "With --devices: add up the devices' results with com.microsoft.AllReduce (ort, default) or"
                    + " DistCollective (tensorrt), or write one whole model that says how to split it (annotate).")
    private @Nullable CollectiveName collective;

    @Option(
            names = "--accuracy-level",
            paramLabel = "N",
            description =
                    "With int4 or int8, what ONNX Runtime multiplies in: 4 (int8, default in fp32 models), 1 (fp32), or"
                            + " 0 (its choice, default in fp16).")
    private @Nullable AccuracyLevel accuracy;

    boolean namesCollective() {
        return collective != null;
    }

    Target target(TrialRuntime runtime) {
        CollectiveName engine = collective == null ? CollectiveName.ORT : collective;
        DialectName operators = dialect == null ? engine.dialect() : dialect;
        return new OnnxTarget(new OnnxOptions(operators, layout, engine, Optional.ofNullable(accuracy)), runtime);
    }
}
