package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.inspection.Host;
import dev.twofold.ort.TrialLoad;
import dev.twofold.passes.shard.Shard;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.CompilerSettings;
import dev.twofold.pipeline.FromManifest;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import dev.twofold.target.Part;
import dev.twofold.target.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        description = "Converts a checkpoint to an ONNX model, or a GGUF file, with fewer and wider layers.")
final class ConvertCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "CHECKPOINT",
            description =
                    "The directory of the model, with config.json and safetensors files or with model.onnx, or a GGUF file.")
    private Path checkpoint = Path.of("");

    @Option(
            names = {"-o", "--output", "--out"},
            required = true,
            paramLabel = "DIR",
            description =
                    "The directory to write, or with --target gguf the file in it. With --force it may hold an earlier output.")
    private Path output = Path.of("");

    @Mixin
    private CheckpointOptions reading = new CheckpointOptions();

    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Mixin
    private GoalOptions goal = new GoalOptions();

    @Mixin
    private RepeatOption repeat = new RepeatOption();

    @Mixin
    private TargetOptions target = new TargetOptions();

    @Option(
            names = "--rank",
            paramLabel = "R",
            description = "With --devices: write the part of device R only, counted from 0.")
    private @Nullable Integer rank;

    @Option(names = "--force", description = "Replace an output that is already there.")
    private boolean force;

    @Option(
            names = "--no-load",
            description =
                    "Skip the last checks: loading the result once in ONNX Runtime, and reading a text before fp16.")
    private boolean noLoad;

    @Option(names = "--dry-run", description = "Check everything and say what would be written, but write nothing.")
    private boolean dryRun;

    @Option(
            names = "--dump-after",
            paramLabel = "PASS",
            description = "Print the model to standard error, as it is after this pass.")
    private @Nullable String dumpAfter;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private MeasuringOptions measuring = new MeasuringOptions();

    @Mixin
    private HostOptions hosting = new HostOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        Optional<FromManifest> repeated = repeat.read();
        TrialRuntime runtime = noLoad ? TrialRuntime.NONE : new TrialLoad();
        OutputName named = OutputName.of(output);
        Recipe asked = repeated.map(FromManifest::recipe).orElseGet(() -> target.recipe(recipe, goal));
        Target form = repeated.map(manifest -> manifest.target(runtime))
                .orElseGet(() -> target.target(runtime, recipe, named));
        requireName(named, form);
        requireUseOfDevices(asked);
        Source source =
                repeated.map(manifest -> reading.open(checkpoint, manifest)).orElseGet(() -> reading.open(checkpoint));
        Compiler compiler = new Compiler(source, asked, form, settings(), repeated);
        compiler.requireRoom(named.directory(), force);
        ConversionReport report = dryRun
                ? ConversionReport.of(named.directory(), compiler.preview())
                : ConversionReport.of(named.directory(), compiler.compile(named.directory(), force));
        int code = print(report, (System.nanoTime() - start) / 1e9);
        if (!dryRun && !noLoad && rank == null) {
            report.sayPlacement(hosting.host(console));
        }
        return code;
    }

    private CompilerSettings settings() {
        Host host = hosting.measuringHost(console);
        return new CompilerSettings(
                host,
                measuring.texts(),
                measuring.cache(List.of(), console),
                Optional.ofNullable(rank),
                Optional.ofNullable(dumpAfter),
                console::aside,
                !noLoad,
                Version.current());
    }

    private int print(ConversionReport report, double seconds) {
        if (format == OutputFormat.JSON) {
            console.json(report.document(seconds));
        } else if (!console.quiet()) {
            report.print(console.out(), seconds);
            if (!dryRun) {
                console.notice(next(report));
            }
        }
        return report.comparison().map(this::repeated).orElse(0);
    }

    /** A file is called what the target calls it, which a manifest may have settled. */
    private static void requireName(OutputName named, Target form) {
        named.file().filter(file -> !file.equals(form.weightFile())).ifPresent(file -> {
            throw TwofoldException.usage("the manifest says what the file is called")
                    .found(file)
                    .expected(form.weightFile())
                    .hint("-o " + named.directory());
        });
    }

    private String next(ConversionReport report) {
        Optional<String> own = report.target().next(report.output());
        if (own.isPresent()) {
            return "next: " + own.get();
        }
        if (rank != null) {
            return "next: twofold verify " + output.resolve(Part.rankDirectory(rank))
                    + "; once every rank is in one directory, twofold validate";
        }
        String fitted = measuring.texts().files().stream()
                .filter(file -> report.isCompensated())
                .map(file -> " --calibration " + file)
                .collect(Collectors.joining());
        return "next: twofold validate " + output + " --against " + checkpoint + reading.again() + fitted;
    }

    private int repeated(FromManifest.Comparison comparison) {
        if (!comparison.differs().isEmpty()) {
            console.aside("FAILED not as the manifest says: " + String.join(", ", comparison.differs()));
            return Main.CHECK_FAILED;
        }
        console.notice(
                comparison.notCompared().isEmpty()
                        ? "every file is as the manifest says"
                        : "note: beside the manifest there is nothing to compare with " + comparison.notCompared());
        return 0;
    }

    private void requireUseOfDevices(Recipe asked) {
        boolean sharded = asked.find(Shard.SPEC)
                .filter(request -> request.options().cuts())
                .isPresent();
        if (!sharded && (rank != null || target.namesCollective())) {
            throw TwofoldException.usage((rank != null ? "--rank" : "--collective") + " goes with a number of devices")
                    .hint("add the number, such as --devices 2");
        }
    }
}
