package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.AccuracyLevel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.lower.Padding;
import dev.twofold.recipe.Recipe;
import dev.twofold.target.Target;
import dev.twofold.target.gguf.GgufOptions;
import dev.twofold.target.gguf.GgufTarget;
import dev.twofold.target.gguf.MatrixType;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.transformers.TransformersTarget;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the model is written as. */
final class TargetOptions {

    @Option(
            names = "--target",
            paramLabel = "NAME",
            description =
                    "Write an ONNX model (onnx, default), a file for llama.cpp (gguf): -o DIR/NAME.gguf, or a checkpoint"
                            + " that PyTorch loads, trains and shards (transformers).")
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

    @Option(
            names = "--accuracy-level",
            paramLabel = "N",
            description =
                    "With int4 or int8, what ONNX Runtime multiplies in: 4 (int8, default in fp32 models), 1 (fp32), or"
                            + " 0 (its choice, default in fp16).")
    private @Nullable AccuracyLevel accuracy;

    @Option(
            names = "--padding",
            paramLabel = "WHERE",
            description =
                    "Take batches whose shorter rows are filled up behind their tokens (right, default), or before them"
                            + " as well (any, default with --layout transformersjs), as transformers.js does it.")
    private @Nullable Padding padding;

    @Option(
            names = "--logits",
            paramLabel = "WHICH",
            description =
                    "Compute the logits of all tokens (all, default), or of the last of each row (last): prompts are"
                            + " read faster, and the model only generates.")
    private @Nullable LogitsSpan logits;

    @Mixin
    private LayoutOptions files = new LayoutOptions();

    boolean namesCollective() {
        return collective != null;
    }

    /** What is asked for, as the target wants it. */
    Recipe recipe(RecipeOptions options, GoalOptions goal) {
        if (name == TargetName.GGUF) {
            return options.uncast(goal.devices(), goal.goal());
        }
        return files.leavesTypesTo(options)
                ? options.several(goal.devices(), goal.goal())
                : options.recipe(goal.devices(), goal.goal());
    }

    Target target(TrialRuntime runtime, RecipeOptions options, OutputName output) {
        if (name == TargetName.GGUF) {
            requireNoneOfOnnx();
            MatrixType type = options.dtype().map(WeightType::matrix).orElse(MatrixType.FP32);
            return new GgufTarget(new GgufOptions(type, output.file().orElse(GgufOptions.MODEL)));
        }
        output.file().ifPresent(file -> {
            throw TwofoldException.usage("a model for " + name + " is a directory")
                    .found(file)
                    .hint("name a directory, or --target gguf");
        });
        if (name == TargetName.TRANSFORMERS) {
            requireNoneOfOnnx();
            return new TransformersTarget();
        }
        CollectiveName engine = collective == null ? CollectiveName.ORT : collective;
        DialectName operators = dialect == null ? engine.dialect() : dialect;
        KvLayout caches = layout == null ? KvLayout.PER_LAYER : layout;
        OnnxOptions form = new OnnxOptions(
                operators,
                caches,
                engine,
                Optional.ofNullable(accuracy),
                padding == null ? files.padding() : padding,
                logits == null ? LogitsSpan.ALL : logits);
        return files.target(new OnnxTarget(form, runtime), options);
    }

    private void requireNoneOfOnnx() {
        Map<String, Optional<Object>> given = new LinkedHashMap<>();
        given.put("--dialect", Optional.ofNullable(dialect));
        given.put("--kv-layout", Optional.ofNullable(layout));
        given.put("--collective", Optional.ofNullable(collective));
        given.put("--accuracy-level", Optional.ofNullable(accuracy));
        given.put("--padding", Optional.ofNullable(padding));
        given.put("--logits", Optional.ofNullable(logits));
        given.putAll(files.given());
        given.forEach((option, value) -> value.ifPresent(found -> {
            throw TwofoldException.usage(option + " is about ONNX models")
                    .found(option + " " + found + " with --target " + name)
                    .hint("leave it out");
        }));
    }
}
