package dev.twofold.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TextWindows;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.pipeline.CompensationStudy;
import dev.twofold.pipeline.Inspection;
import dev.twofold.pipeline.InspectionDocument;
import dev.twofold.pipeline.PlanFrontier;
import dev.twofold.pipeline.TextMeasurement;
import dev.twofold.pipeline.TokenHash;
import dev.twofold.report.ReportDirectory;
import dev.twofold.source.huggingface.Checkpoint;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = {
            "Measures how far the layers of a checkpoint depend on one another, and which can run side by side.",
            "With -o, writes report.html, report.json and the measurements, which convert then uses."
        })
final class InspectCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CHECKPOINT", description = "A directory with config.json and safetensors.")
    private Path checkpoint = Path.of("");

    @Option(names = "-o", paramLabel = "DIR", description = "Where to write the report.")
    private @Nullable Path output;

    @Mixin
    private MeasuringOptions measuring = new MeasuringOptions();

    @Option(names = "--group", paramLabel = "N", description = "Layers in the largest group to try (default: 4).")
    private int group = ChoosePairs.DEFAULT_GROUP;

    @Option(names = "--one-sync", description = "Measure groups in their one-sync form.")
    private boolean oneSync;

    @Option(
            names = "--compensate",
            description = "Also measure what compensation wins back, on the held-out text; takes many times as long.")
    private boolean compensate;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "Tokens of the text that compensation is fitted to (default: 49152).")
    private @Nullable Integer calibrationTokens;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private Models models = new Models();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        if (calibrationTokens != null && !compensate) {
            throw TwofoldException.usage("--calibration-tokens goes with --compensate");
        }
        if (fittedTokens() < 1) {
            throw TwofoldException.usage("--calibration-tokens should be 1 or more");
        }
        if (compensate && oneSync) {
            throw TwofoldException.usage("compensation refits two-sync groups only")
                    .hint("leave out --one-sync or --compensate");
        }
        if (group < 2) {
            throw TwofoldException.usage("--group should be 2 or more");
        }
        Checkpoint source = Checkpoint.read(checkpoint);
        ModelNotes.of(source.decoder()).forEach(console::notice);
        if (source.decoder().facts().layers() < 2) {
            throw TwofoldException.input("there is nothing to run side by side")
                    .at(checkpoint.toString())
                    .found("1 layer")
                    .expected("2 or more");
        }
        Optional<ReportDirectory> report =
                Optional.ofNullable(output).map(directory -> ReportDirectory.open(directory, checkpoint));
        MeasuringOptions.Passages passages = measuring.passages(source, null, compensate ? fittedTokens() : 0, console);
        List<Path> beside = report.map(ReportDirectory::measurements).stream().toList();
        PairLayers.Form form = oneSync ? PairLayers.Form.ONE_SYNC : PairLayers.Form.TWO_SYNC;
        ObjectNode document;
        Optional<TextWindows> fitted = compensate
                ? Optional.of(Compensating.text(source, measuring.text(), fittedTokens(), console))
                : Optional.empty();
        if (compensate && passages.heldOut().isEmpty()) {
            throw TwofoldException.input("there is no text left to measure compensation on")
                    .at(String.valueOf(measuring.text()))
                    .hint("a longer text, or less --tokens and --calibration-tokens");
        }
        try (Measuring session =
                new Measuring(source, passages, form, models, measuring.cache(beside, console), console.progress())) {
            Inspection inspection = inspect(session, source, fitted, form, start);
            document = InspectionDocument.of(source, inspection, setting(source, passages));
        }
        report.ifPresent(directory -> directory.write(document));
        if (format == OutputFormat.JSON) {
            console.json(document);
        } else {
            new InspectionTable(document).print(console.out());
            report.ifPresent(directory -> console.notice("report: " + directory.page()));
        }
        return 0;
    }

    private Inspection inspect(
            Measuring session, Checkpoint source, Optional<TextWindows> fitted, PairLayers.Form form, long start) {
        TextMeasurement text = session.calibration();
        Progress progress = console.progress();
        int layers = text.layerCount();
        LayerFindings findings = text.layers();
        PlanFrontier frontier = PlanFrontier.downTo((layers + 1) / 2, Math.min(group, layers), text, progress);
        Optional<Inspection.HeldOut> heldOut = session.heldOut().map(other -> heldOut(other, frontier, progress));
        List<CompensationStudy.Row> compensation = fitted.map(windows -> session.heldOut()
                        .map(other -> study(source, windows, other).of(frontier, findings))
                        .orElse(List.of()))
                .orElse(List.of());
        boolean cached = text.measured()
                        + session.heldOut().map(TextMeasurement::measured).orElse(0)
                == 0;
        return new Inspection(
                form,
                findings,
                frontier,
                text.base(),
                heldOut,
                compensation,
                (System.nanoTime() - start) / 1e9,
                text.plansKnown(),
                cached);
    }

    private int fittedTokens() {
        return calibrationTokens == null ? Compensate.DEFAULT_TOKENS : calibrationTokens;
    }

    private CompensationStudy study(Checkpoint source, TextWindows text, TextMeasurement heldOut) {
        Set<String> said = new HashSet<>();
        Consumer<String> once = notice -> {
            if (said.add(notice)) {
                console.notice(notice);
            }
        };
        return new CompensationStudy(
                source,
                heldOut,
                TokenHash.of(text),
                () -> new Compensating(text, models.provider(), models.device(), once),
                console.progress());
    }

    /** Measures the plans that the report shows on the second text. */
    private static Inspection.HeldOut heldOut(TextMeasurement text, PlanFrontier frontier, Progress progress) {
        PlanScore base = text.base();
        progress.begin("checking on the held-out text", frontier.found().size(), Progress.Unit.DEPTHS);
        frontier.found().forEach(found -> {
            text.score(found.chosen().grouping());
            found.window().ifPresent(window -> text.score(window.grouping()));
            progress.advance(1);
        });
        progress.end();
        return new Inspection.HeldOut(text.text().tokens(), base, text);
    }

    private InspectionDocument.Setting setting(Checkpoint source, MeasuringOptions.Passages passages) {
        return new InspectionDocument.Setting(
                Version.current(),
                passages.calibration().name(),
                passages.calibration().windows().tokens(),
                Windows.length(source.decoder()),
                group,
                models.provider().toString(),
                passages.heldOut().map(MeasuringOptions.Passage::name).orElse(""),
                fittedTokens());
    }
}
