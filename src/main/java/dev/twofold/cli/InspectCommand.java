package dev.twofold.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.Inspector;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.pipeline.ModelNotes;
import dev.twofold.report.ReportDirectory;
import dev.twofold.source.Source;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = {
            "Measures how much the layers of a checkpoint depend on one another, and which can run side by side.",
            "With -o, it also writes a report (report.html, report.json) and what it measured, which convert can reuse."
        })
final class InspectCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "CHECKPOINT",
            description = "The directory of the model, with config.json and safetensors files.")
    private Path checkpoint = Path.of("");

    @Option(
            names = {"-o", "--output", "--out"},
            paramLabel = "DIR",
            description = "The directory to write the report to.")
    private @Nullable Path output;

    @Mixin
    private CheckpointOptions reading = new CheckpointOptions();

    @Mixin
    private MeasuringOptions measuring = new MeasuringOptions();

    @Option(names = "--group", paramLabel = "N", description = "The largest group of layers to try (default: 4).")
    private int group = ChoosePairs.DEFAULT_GROUP;

    @Option(names = "--one-sync", description = "Measure groups whose layers each run on their own copy of the stream.")
    private boolean oneSync;

    @Option(
            names = "--compensate",
            description =
                    "Also measure what compensation wins back, on the text that checks the choice. This takes many"
                            + " times as long.")
    private boolean compensate;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "How many tokens of text --compensate fits to (default: 49152).")
    private @Nullable Integer calibrationTokens;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private HostOptions hosting = new HostOptions();

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
                    .hint("leave out one of --one-sync and --compensate");
        }
        if (group < 2) {
            throw TwofoldException.usage("--group should be 2 or more");
        }
        Source source = reading.open(checkpoint);
        source.notes().forEach(console::notice);
        ModelNotes.of(source.decoder()).forEach(console::notice);
        Optional<ReportDirectory> report =
                Optional.ofNullable(output).map(directory -> ReportDirectory.open(directory, checkpoint));
        List<Path> beside = report.map(ReportDirectory::measurements).stream().toList();
        ObjectNode document = new Inspector(
                        source,
                        measuring.texts(),
                        oneSync ? PairLayers.Form.ONE_SYNC : PairLayers.Form.TWO_SYNC,
                        group,
                        compensate ? Optional.of(fittedTokens()) : Optional.empty(),
                        measuring.cache(beside, console),
                        hosting.measuringHost(console))
                .inspect(Version.current());
        report.ifPresent(directory -> directory.write(document));
        if (format == OutputFormat.JSON) {
            console.json(document);
        } else {
            new InspectionTable(document).print(console.out());
            report.ifPresent(directory -> console.notice("report: " + directory.page()));
        }
        return 0;
    }

    private int fittedTokens() {
        return calibrationTokens == null ? Compensate.DEFAULT_TOKENS : calibrationTokens;
    }
}
