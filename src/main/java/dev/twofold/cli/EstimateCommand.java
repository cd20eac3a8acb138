package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.estimate.HardwareChoice;
import dev.twofold.estimate.RuntimeName;
import dev.twofold.estimate.Speed;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.inspection.MiddleGroups;
import dev.twofold.inspection.PlannedModel;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Facts;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.pipeline.DescribedOutput;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.recipe.Recipe;
import dev.twofold.report.Manifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "estimate",
        mixinStandardHelpOptions = true,
        description =
                "Predicts how fast a model runs before and after pairing, on hardware that you do not have at hand.",
        footer = {
            "%nThe config.json of a checkpoint is enough: no weights are read. --depth pairs layers in the middle,"
                    + " because the",
            "speed does not depend on which layers are paired."
        })
final class EstimateCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "DIR|CHECKPOINT",
            description = "A directory that convert wrote, or one with a config.json.")
    private Path model = Path.of("");

    @Option(
            names = "--hardware",
            required = true,
            paramLabel = "NAME",
            description =
                    "The hardware to predict for, such as a100-sxm-80gb-x2, or a YAML file with your own figures.")
    private String hardware = "";

    @Option(
            names = "--runtime",
            paramLabel = "NAME",
            description = "How kernels are launched: all at once, as in CUDA graphs (graph); one by one, as in ONNX"
                    + " Runtime (stream, default); or by Python, operator by operator, as in PyTorch (eager).")
    private RuntimeName runtime = RuntimeName.STREAM;

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "How many tokens the prompt has (default: 128).")
    private int promptTokens = 128;

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            description = "How many tokens are written after it (default: 128).")
    private int newTokens = 128;

    @Option(names = "--batch", paramLabel = "B", description = "How many texts run at once (default: 1).")
    private int batch = 1;

    @Option(
            names = "--against",
            paramLabel = "CHECKPOINT",
            description = "The checkpoint that DIR was converted from, if the config.json in DIR is not the same.")
    private @Nullable Path against;

    @Option(
            names = "--dialect",
            paramLabel = "NAME",
            description = "The operators of the graph: ort (default) or onnx.")
    private @Nullable DialectName dialect;

    @Option(
            names = "--kv-layout",
            paramLabel = "NAME",
            description = "Keep a KV cache for each layer (per-layer, default) or one for each pair (wide).")
    private @Nullable KvLayout layout;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (Math.min(Math.min(promptTokens, newTokens), batch) < 1) {
            throw TwofoldException.usage("numbers of tokens and rows should be 1 or more");
        }
        HardwareChoice choice = HardwareChoice.of(hardware);
        PlannedModel planned = Files.exists(model.resolve(Manifest.NAME)) ? converted() : checkpoint(choice);
        choice.require(planned.devices());
        requireRoom(planned.decoder());
        Speed.Text text = new Speed.Text(batch, promptTokens, newTokens);
        EstimateReport report = new EstimateReport(model, choice, planned, runtime, text);
        report.shortage().ifPresent(console::notice);
        if (format == OutputFormat.JSON) {
            console.json(report.document());
        } else {
            report.print(console.out());
        }
        return 0;
    }

    private void requireRoom(Decoder decoder) {
        int context = decoder.facts().contextLength();
        if ((long) promptTokens + newTokens > context) {
            throw TwofoldException.usage("prompt and new tokens do not fit the model's context")
                    .found(promptTokens + " + " + newTokens)
                    .expected("at most " + context)
                    .hint("lower --prompt-tokens or --new-tokens");
        }
    }

    private PlannedModel checkpoint(HardwareChoice choice) {
        Decoder original = Sources.SHIPPED.describe(model);
        int devices = choice.defaultDevices();
        Recipe asked = recipe.recipe(devices > 1 ? OptionalInt.of(devices) : OptionalInt.empty());
        Recipe planned = OpenPlan.in(asked, Facts.of(original))
                .map(open -> open.with(plan(open.options(), original.facts().layers())))
                .orElse(asked);
        return PlannedModel.of(
                original,
                planned,
                dialect == null ? DialectName.ORT : dialect,
                layout == null ? KvLayout.PER_LAYER : layout);
    }

    private static Plan plan(ChoosePairs.Options options, int layers) {
        Integer depth = options.depth();
        if (depth == null) {
            throw TwofoldException.usage("which layers keep a loss would have to be measured")
                    .hint("add --depth N, or name layers with --pairs or --window; --window 0:0 pairs none");
        }
        Integer size = options.group();
        return MiddleGroups.of(layers, depth, size == null ? Math.max(2, (layers + depth - 1) / depth) : size);
    }

    private PlannedModel converted() {
        if (!recipe.isEmpty() || dialect != null || layout != null) {
            throw TwofoldException.usage("the manifest says how the model was made")
                    .at(model.resolve(Manifest.NAME).toString())
                    .hint("give the checkpoint instead, to estimate another plan");
        }
        return DescribedOutput.of(model).planned(Sources.SHIPPED, Optional.ofNullable(against));
    }
}
