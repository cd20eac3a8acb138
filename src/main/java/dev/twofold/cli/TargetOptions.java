package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.recipe.Recipe;
import dev.twofold.target.Target;
import dev.twofold.target.gguf.GgufOptions;
import dev.twofold.target.gguf.GgufTarget;
import dev.twofold.target.gguf.MatrixType;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the model is written as. */
final class TargetOptions {

    @Option(
            names = "--target",
            paramLabel = "NAME",
            description = "Write an ONNX model (onnx, default), or a file for llama.cpp (gguf): -o DIR/NAME.gguf.")
    private TargetName name = TargetName.ONNX;

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
    private @Nullable KvLayout layout;

    @Option(
            names = "--collective",
            paramLabel = "NAME",
            description = "With --devices: add up the devices' results with com.microsoft.AllReduce (ort, default) or"
                    + " DistCollective (tensorrt), or write one whole model that says how to split it (annotate).")
    private @Nullable CollectiveName collective;

    boolean namesCollective() {
        return collective != null;
    }

    /** What is asked for, as the target wants it. */
    Recipe recipe(RecipeOptions options) {
        return name == TargetName.GGUF ? options.uncast() : options.recipe();
    }

    Target target(TrialRuntime runtime, RecipeOptions options, OutputName output) {
        if (name == TargetName.GGUF) {
            requireOfOnnx("--dialect", dialect);
            requireOfOnnx("--kv-layout", layout);
            requireOfOnnx("--collective", collective);
            MatrixType type = options.dtype().map(WeightType::matrix).orElse(MatrixType.FP32);
            return new GgufTarget(new GgufOptions(type, output.file().orElse(GgufOptions.MODEL)));
        }
        output.file().ifPresent(file -> {
            throw TwofoldException.usage("an ONNX model is a directory")
                    .found(file)
                    .hint("name a directory, or --target gguf");
        });
        CollectiveName engine = collective == null ? CollectiveName.ORT : collective;
        DialectName operators = dialect == null ? engine.dialect() : dialect;
        KvLayout caches = layout == null ? KvLayout.PER_LAYER : layout;
        return new OnnxTarget(new OnnxOptions(operators, caches, engine), runtime);
    }

    private static void requireOfOnnx(String option, @Nullable Object value) {
        if (value != null) {
            throw TwofoldException.usage(option + " says how an ONNX model is written")
                    .found("--target gguf")
                    .hint("leave it out");
        }
    }
}
