package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.OutputPlace;
import dev.twofold.disk.OutputTarget;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.Grouping;
import dev.twofold.layers.KeptApart;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.Provider;
import dev.twofold.ort.TrialLoad;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.passes.shard.Shard;
import dev.twofold.pipeline.Choosing;
import dev.twofold.pipeline.Compensation;
import dev.twofold.pipeline.Conversion;
import dev.twofold.pipeline.FromManifest;
import dev.twofold.pipeline.LoadCheck;
import dev.twofold.pipeline.PassRequest;
import dev.twofold.pipeline.PassRunner;
import dev.twofold.pipeline.Plan;
import dev.twofold.pipeline.Source;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import dev.twofold.report.Verification;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.target.onnx.ModelEmitter;
import dev.twofold.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
        description = "Converts a Hugging Face checkpoint to a layer-parallel ONNX model.")
final class ConvertCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CHECKPOINT", description = "A directory with config.json and safetensors.")
    private Path checkpoint = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "DIR", description = "The output directory.")
    private Path output = Path.of("");

    @Mixin
    private PlanOptions plan = new PlanOptions();

    @Mixin
    private RepeatOption repeat = new RepeatOption();

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

    @Option(names = "--rank", paramLabel = "R", description = "With --devices, compile for this device only, from 0.")
    private @Nullable Integer rank;

    @Option(names = "--force", description = "Replace an earlier output.")
    private boolean force;

    @Option(
            names = "--no-load",
            description = "Do not load the result once in ONNX Runtime, which is how it is checked before it appears.")
    private boolean noLoad;

    @Option(names = "--dry-run", description = "Check everything, say what would be written, and write nothing.")
    private boolean dryRun;

    @Option(
            names = "--dump-after",
            paramLabel = "PASS",
            description = "Print the decoder after this pass to standard error.")
    private @Nullable String dumpAfter;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private MeasuringOptions measuring = new MeasuringOptions();

    @Mixin
    private Models models = new Models();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        Checkpoint.requireDirectory(checkpoint);
        Optional<FromManifest> repeated = repeat.read();
        List<PassRequest> asked = repeated.map(FromManifest::requests).orElseGet(plan::requests);
        ModelEmitter emitter = repeated.map(FromManifest::emitter).orElseGet(this::emitter);
        requireUseOfDevices(asked);
        OutputTarget target = OutputTarget.check(output, List.of(checkpoint), force);
        requireOwnFiles(target);
        requireOwnRank(target);
        if (dryRun) {
            return convert(asked, emitter, Optional.empty(), repeated, start);
        }
        try (OutputPlace place = OutputPlace.claim(target, console::notice)) {
            requireOwnFiles(target);
            return convert(asked, emitter, Optional.of(place), repeated, start);
        }
    }

    private int convert(
            List<PassRequest> asked,
            ModelEmitter emitter,
            Optional<OutputPlace> place,
            Optional<FromManifest> repeated,
            long start) {
        Source found = Source.read(checkpoint);
        Source source = repeated.map(manifest -> manifest.require(found)).orElse(found);
        Facts facts = Facts.of(source.checkpoint().decoder());
        ModelNotes.of(source.checkpoint().decoder()).forEach(console::notice);
        requireDumpable(asked);
        Optional<Choosing> choosing = Choosing.in(asked, ShippedPasses.ALL, facts);
        requireUseOfText(choosing.isPresent(), asked);
        rehearse(asked, choosing, source, facts, emitter);
        Optional<Choice> choice = choosing.map(open -> choose(open, source.checkpoint()));
        List<PassRequest> requests = choosing.flatMap(
                        open -> choice.map(Choice::grouping).map(open::with))
                .orElse(asked);
        Plan checked = Plan.check(requests, ShippedPasses.ALL, facts);
        if (place.isEmpty()) {
            // Refitting changes no shape, and would take the time that a dry run is there to save.
            Plan rewriting = Plan.check(Compensation.without(requests), ShippedPasses.ALL, facts);
            return convert(source, rewriting, emitter, place, choice, Optional.empty(), repeated, start);
        }
        Provider provider =
                repeated.flatMap(manifest -> manifest.provider(checked)).orElse(models.provider());
        Optional<TextWindows> text = Compensation.in(checked)
                .map(options -> Compensating.text(source.checkpoint(), measuring.text(), options.tokens(), console));
        Plan resolved = text.map(windows ->
                        Plan.check(Compensation.with(windows, provider.toString(), requests), ShippedPasses.ALL, facts))
                .orElse(checked);
        try (Compensating compensating = text.map(
                        windows -> new Compensating(windows, provider, models.device(), console::notice))
                .orElse(null)) {
            return convert(
                    source, resolved, emitter, place, choice, Optional.ofNullable(compensating), repeated, start);
        }
    }

    private ModelEmitter emitter() {
        CollectiveName engine = collective == null ? CollectiveName.ORT : collective;
        return new ModelEmitter(dialect != null ? dialect : engine.dialect(), layout, engine);
    }

    /** A text that nothing is measured on or fitted to would be taken for one that the output depends on. */
    private void requireUseOfText(boolean measures, List<PassRequest> requests) {
        if (measuring.text() != null && !measures && !Compensation.isIn(requests)) {
            throw TwofoldException.usage("nothing is measured on a text, or fitted to one")
                    .found("--text " + measuring.text())
                    .hint("leave it out, or leave the layers to be chosen, or add --compensate");
        }
    }

    private int convert(
            Source source,
            Plan plan,
            ModelEmitter emitter,
            Optional<OutputPlace> place,
            Optional<Choice> choice,
            Optional<Compensating> compensating,
            Optional<FromManifest> repeated,
            long start) {
        Progress progress = console.progress();
        PassContext context =
                compensating.map(text -> text.context(progress)).orElseGet(() -> new PassContext(progress));
        PassRunner runner = new PassRunner(context, Optional.ofNullable(dumpAfter), console::aside);
        Conversion conversion = new Conversion(source, plan, runner, emitter, Optional.ofNullable(rank));
        ConversionReport report = report(source.checkpoint().decoder(), conversion, emitter, choice);
        Map<String, Object> document = report.document();
        compensating.ifPresent(fits -> document.put("compensation", fits.document()));
        if (place.isEmpty()) {
            List<ModelEmitter.Preview> previews =
                    conversion.parts().stream().map(conversion::preview).toList();
            document.put("dryRun", true);
            document.put("nodes", previews.get(0).nodes());
            document.put(
                    "bytesToWrite",
                    previews.stream().mapToLong(ModelEmitter.Preview::dataBytes).sum());
            document.put("bytesRead", 0);
            document.put("bytesWritten", 0);
        } else {
            Conversion.Tools tools = new Conversion.Tools(
                    Version.current(), compensating.map(Compensating::libraries).orElseGet(TreeMap::new));
            repeated.ifPresent(manifest -> manifest.doubts(tools).forEach(console::notice));
            Conversion.Result result = conversion.run(place.get(), tools, loading(), console.progress());
            repeated.ifPresent(manifest -> {
                document.put("differs", manifest.differences(result.manifests()));
                document.put("notCompared", manifest.uncompared(result.manifests()));
            });
            document.put("bytesRead", result.bytesRead());
            document.put("bytesWritten", result.bytesWritten());
            if (result.manifest().emission().dtype().equals(Precision.BF16.toString())) {
                console.notice("note: ONNX Runtime computes in bf16 on GPUs only; on a CPU, use twofold's own commands,"
                        + " or fp32 or fp16");
            }
        }
        document.put("seconds", Math.round((System.nanoTime() - start) / 1e6) / 1e3);
        if (format == OutputFormat.JSON) {
            console.json(document);
        } else if (!console.quiet()) {
            compensating.ifPresent(fits -> fits.print(console.out()));
            report.print(console.out(), compensating.isPresent());
            print(document);
        }
        return repeated.isPresent() ? repeatedExactly(document) : 0;
    }

    /** ONNX Runtime has no bf16 kernels on the CPU, so there it is the form that runs there which is loaded. */
    private LoadCheck loading() {
        return noLoad
                ? LoadCheck.NONE
                : (directory, precision, cut) -> {
                    boolean widened = precision == Precision.BF16;
                    if (cut) {
                        TrialLoad.load(directory, SegmentedModel.read(directory, widened));
                    } else {
                        TrialLoad.load(
                                directory, widened ? Optional.of(WidenedModel.read(directory)) : Optional.empty());
                    }
                };
    }

    private int repeatedExactly(Map<String, Object> document) {
        if (!(document.get("differs") instanceof List<?> differing)) {
            return 0;
        }
        if (differing.isEmpty()) {
            boolean all = document.get("notCompared") instanceof List<?> rest && rest.isEmpty();
            console.notice(
                    all
                            ? "every file is as the manifest says"
                            : "note: beside the manifest there is nothing to compare with "
                                    + document.get("notCompared"));
            return 0;
        }
        console.aside("FAILED not as the manifest says: "
                + differing.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        return Main.CHECK_FAILED;
    }

    /** A name that is mistyped should not come to light after a long measurement. */
    private void requireDumpable(List<PassRequest> requests) {
        List<String> names = requests.stream().map(PassRequest::name).toList();
        if (dumpAfter != null && !names.contains(dumpAfter)) {
            throw TwofoldException.usage("the plan has no pass '" + dumpAfter + "' to dump after")
                    .expected(String.join(", ", names));
        }
    }

    private Choice choose(Choosing open, Checkpoint source) {
        MeasuringOptions.Passages passages =
                measuring.passages(source, open.options().tokens(), 0, console);
        try (Measuring session = new Measuring(
                source, passages, open.form(), models, measuring.cache(List.of(), console), console.progress())) {
            return Choice.of(open.options(), passages, session, console.progress());
        }
    }

    private void requireUseOfDevices(List<PassRequest> asked) {
        boolean sharded = asked.stream()
                .anyMatch(request -> request.name().equals(Shard.SPEC.name())
                        && request.options().path("devices").asInt(2) > 1);
        if (!sharded && (rank != null || collective != null)) {
            throw TwofoldException.usage((rank != null ? "--rank" : "--collective") + " goes with a number of devices")
                    .hint("--devices 2");
        }
    }

    /** What is refused of the devices is refused before the layers are measured and refitted. */
    private void rehearse(
            List<PassRequest> asked, Optional<Choosing> choosing, Source source, Facts facts, ModelEmitter emitter) {
        List<PassRequest> unpaired =
                choosing.map(open -> open.with(Grouping.none(facts.layers()))).orElse(asked);
        Plan plan = Plan.check(Compensation.without(unpaired), ShippedPasses.ALL, facts);
        PassRunner runner = new PassRunner(new PassContext(Progress.SILENT), Optional.empty(), text -> {});
        Conversion conversion = new Conversion(source, plan, runner, emitter, Optional.ofNullable(rank));
        conversion.preview(conversion.parts().get(0));
    }

    /** Replacing a directory for one rank would delete the others. */
    private void requireOwnRank(OutputTarget target) {
        if (rank == null || !Files.exists(target.path().resolve(Manifest.NAME))) {
            return;
        }
        List<Integer> others = RankDirectories.present(target.path(), Manifest.read(target.path())).stream()
                .filter(other -> !other.equals(rank))
                .toList();
        if (!others.isEmpty()) {
            throw TwofoldException.input("the output holds other ranks, which would be deleted with it")
                    .at(Origin.file(target.path()))
                    .found("ranks " + others)
                    .hint("compile into another directory, and move " + Manifest.rankDirectory(rank) + " there");
        }
    }

    /** An earlier output is only replaced whole, never together with what others have put beside it. */
    private static void requireOwnFiles(OutputTarget target) {
        if (!Files.exists(target.path().resolve(Manifest.NAME))) {
            return;
        }
        List<String> strangers = Verification.strangers(target.path());
        if (!strangers.isEmpty()) {
            throw TwofoldException.input("the directory holds files that Twofold did not write")
                    .at(Origin.file(target.path()))
                    .found(String.join(", ", strangers))
                    .hint("move them away, or choose another name");
        }
    }

    private ConversionReport report(
            Decoder original, Conversion conversion, ModelEmitter emitter, Optional<Choice> choice) {
        Decoder decoder = conversion.decoder();
        return new ConversionReport(
                output,
                conversion.model(),
                original.allReduces() + decoder.allReduces() - decoder.steps().size(),
                KeptApart.in(decoder),
                original,
                choice,
                ShardingReport.of(conversion, emitter));
    }

    private void print(Map<String, Object> facts) {
        if (dryRun) {
            ConversionReport.line(
                    console.out(),
                    "would write",
                    facts.get("bytesToWrite") + " bytes of weights, " + facts.get("nodes") + " nodes");
        } else {
            ConversionReport.line(
                    console.out(),
                    "read, written",
                    facts.get("bytesRead") + ", " + facts.get("bytesWritten") + " bytes in " + facts.get("seconds")
                            + " s");
            String calibration = facts.containsKey("compensation") && measuring.text() != null
                    ? " --calibration " + measuring.text()
                    : "";
            console.notice(
                    rank == null
                            ? "next: twofold validate " + output + " --against " + checkpoint + calibration
                            : "next: twofold verify " + output.resolve(Manifest.rankDirectory(rank))
                                    + "; once every rank is in one directory, twofold validate");
        }
    }
}
