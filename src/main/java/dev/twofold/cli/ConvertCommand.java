package dev.twofold.cli;

import dev.twofold.checkpoint.Checkpoint;
import dev.twofold.diag.Origin;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.onnx.DialectName;
import dev.twofold.onnx.KvLayout;
import dev.twofold.onnx.ModelEmitter;
import dev.twofold.onnx.OutputTarget;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.TextWindows;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.pipeline.Choosing;
import dev.twofold.pipeline.Compensation;
import dev.twofold.pipeline.Conversion;
import dev.twofold.pipeline.PassRequest;
import dev.twofold.pipeline.PassRunner;
import dev.twofold.pipeline.Plan;
import dev.twofold.report.Manifest;
import dev.twofold.report.Verification;
import dev.twofold.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
        description = "Converts a Hugging Face checkpoint to a layer-parallel ONNX model.")
final class ConvertCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CHECKPOINT", description = "A directory with config.json and safetensors.")
    private Path checkpoint = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "DIR", description = "The output directory.")
    private Path output = Path.of("");

    @Mixin
    private PlanOptions plan = new PlanOptions();

    @Option(
            names = "--dialect",
            paramLabel = "NAME",
            description = "Operators: ort (fused, default) or onnx (standard only).")
    private DialectName dialect = DialectName.ORT;

    @Option(
            names = "--kv-layout",
            paramLabel = "NAME",
            description = "KV caches: per-layer (default) or wide, one a pair.")
    private KvLayout layout = KvLayout.PER_LAYER;

    @Option(names = "--force", description = "Replace an earlier output.")
    private boolean force;

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
        List<PassRequest> asked = plan.requests();
        OutputTarget target = OutputTarget.check(output, List.of(checkpoint), force);
        requireOwnFiles(target);
        Checkpoint source = Checkpoint.read(checkpoint);
        Facts facts = Facts.of(source.decoder());
        requireDumpable(asked);
        Optional<Choosing> choosing = Choosing.in(asked, ShippedPasses.ALL, facts);
        Optional<Choice> choice = choosing.map(open -> choose(open, source));
        List<PassRequest> requests = choosing.flatMap(
                        open -> choice.map(Choice::grouping).map(open::with))
                .orElse(asked);
        Plan checked = Plan.check(requests, ShippedPasses.ALL, facts);
        if (dryRun) {
            // Refitting changes no shape, and would take the time that a dry run is there to save.
            Plan rewriting = Plan.check(Compensation.without(requests), ShippedPasses.ALL, facts);
            return convert(source, rewriting, target, choice, Optional.empty(), start);
        }
        Optional<TextWindows> text = Compensation.in(checked)
                .map(options -> Compensating.text(source, measuring.text(), options.tokens(), console));
        Plan resolved = text.map(windows -> Plan.check(
                        Compensation.with(windows, models.provider().toString(), requests), ShippedPasses.ALL, facts))
                .orElse(checked);
        try (Compensating compensating = text.map(
                        windows -> new Compensating(windows, models.provider(), models.device(), console::notice))
                .orElse(null)) {
            return convert(source, resolved, target, choice, Optional.ofNullable(compensating), start);
        }
    }

    private int convert(
            Checkpoint source,
            Plan plan,
            OutputTarget target,
            Optional<Choice> choice,
            Optional<Compensating> compensating,
            long start) {
        Progress progress = console.progress();
        PassContext context =
                compensating.map(text -> text.context(progress)).orElseGet(() -> new PassContext(progress));
        PassRunner runner = new PassRunner(context, Optional.ofNullable(dumpAfter), console::aside);
        Conversion conversion = new Conversion(source, plan, runner, new ModelEmitter(dialect, layout));
        Map<String, Object> document = document(conversion.model());
        choice.ifPresent(made -> document.put("choice", made.document()));
        compensating.ifPresent(fits -> document.put("compensation", fits.document()));
        if (dryRun) {
            ModelEmitter.Preview preview = conversion.preview();
            document.put("dryRun", true);
            document.put("nodes", preview.nodes());
            document.put("bytesToWrite", preview.dataBytes());
            document.put("bytesRead", 0);
            document.put("bytesWritten", 0);
        } else {
            Conversion.Result result = conversion.run(target, Version.current(), console.progress());
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
            print(document, conversion.model(), choice);
        }
        return 0;
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

    private Map<String, Object> document(Manifest.Model model) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("output", output.toString());
        document.put("layers", model.layers());
        document.put("effectiveDepth", model.effectiveDepth());
        document.put("pairs", model.pairs());
        document.put("allReduces", model.allReduces());
        return document;
    }

    /** A range as {@code --pairs} takes it; layers that only became neighbours as {@code 6+9}. */
    private static String describe(List<Integer> group) {
        int first = group.get(0);
        int last = group.get(group.size() - 1);
        boolean range = last - first == group.size() - 1;
        return range ? first + "-" + last : group.stream().map(String::valueOf).collect(Collectors.joining("+"));
    }

    private void print(Map<String, Object> facts, Manifest.Model model, Optional<Choice> choice) {
        String pairs = model.pairs().stream().map(ConvertCommand::describe).collect(Collectors.joining(" "));
        console.out()
                .printf(
                        Locale.ROOT,
                        "%s%n  layers           %d, effective depth %d%n  side by side     %s%n  all-reduces      %d a token when sharded (%d unpaired)%n",
                        output,
                        model.layers(),
                        model.effectiveDepth(),
                        pairs.isEmpty() ? "none" : pairs,
                        model.allReduces(),
                        2 * model.layers());
        choice.ifPresent(made -> {
            String title = "chosen";
            for (String line : made.lines(facts.containsKey("compensation"))) {
                console.out().printf("  %-16s %s%n", title, line);
                title = "";
            }
        });
        if (dryRun) {
            console.out()
                    .printf(
                            "  would write      %s bytes of weights, %s nodes%n",
                            facts.get("bytesToWrite"), facts.get("nodes"));
        } else {
            console.out()
                    .printf(
                            "  read, written    %s, %s bytes in %s s%n",
                            facts.get("bytesRead"), facts.get("bytesWritten"), facts.get("seconds"));
            String calibration = facts.containsKey("compensation") && measuring.text() != null
                    ? " --calibration " + measuring.text()
                    : "";
            console.notice("next: twofold validate " + output + " --against " + checkpoint + calibration);
        }
    }
}
