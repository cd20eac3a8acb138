package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.Texts;
import dev.twofold.pipeline.OutputModel;
import dev.twofold.pipeline.Sources;
import dev.twofold.pipeline.Validator;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        description = {
            "Compares a converted model with its checkpoint.",
            "Parity says whether the graph computes exactly what its plan says. It decides whether the model passes."
                    + " Quality says how well the model predicts a text, next to the original. It is reported, and"
                    + " decides"
                    + " only with --min-accuracy-kept."
        })
final class ValidateCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "DIR",
            description = "A directory that convert wrote, or one of the models in it: DIR/onnx/model_q4.onnx.")
    private Path place = Path.of("");

    @Option(
            names = "--against",
            required = true,
            paramLabel = "CHECKPOINT",
            description = "The checkpoint that the model was converted from.")
    private Path checkpoint = Path.of("");

    @Option(
            names = "--original",
            paramLabel = "CHECKPOINT",
            description = "The checkpoint to compare quality with, if --against was itself made from one, such as by"
                    + " training a shallower model (default: --against).")
    private @Nullable Path original;

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "The text to measure on, in UTF-8; line ends of Windows and a byte order mark do not count"
                    + " (default: a book that comes with Twofold).")
    private @Nullable Path text;

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description =
                    "A text that the model was compensated on, if it was one of your own. Give it as often as convert had --text.")
    private List<Path> calibration = List.of();

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "How many tokens of the text to measure (default: 4096).")
    private int tokens = 4096;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "How far logits may be off, as a share of the token's largest logit (default: 1e-4 for fp32,"
                    + " 2e-2 for fp16, 1e-1 for bf16).")
    private @Nullable Double tolerance;

    @Option(
            names = "--min-accuracy-kept",
            paramLabel = "X",
            description =
                    "Also fail if the model keeps less than this share of the original's next-token accuracy, such"
                            + " as 0.97.")
    private @Nullable Double minAccuracyKept;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private CheckpointOptions reading = new CheckpointOptions();

    @Mixin
    private HostOptions hosting = new HostOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (tokens < 1) {
            throw TwofoldException.usage("--tokens should be 1 or more");
        }
        if (tolerance != null && !(tolerance > 0)) {
            throw TwofoldException.usage("--tolerance should be above 0");
        }
        if (minAccuracyKept != null && !(minAccuracyKept > 0 && minAccuracyKept <= 1)) {
            throw TwofoldException.usage("--min-accuracy-kept is a share above 0 and at most 1, such as 0.97");
        }
        OutputModel model = OutputModel.of(place);
        model.notes().forEach(console::notice);
        Manifest manifest = model.manifest();
        Source source = reading.open(checkpoint);
        Texts.Named measured = text == null ? Texts.evaluation() : Texts.read(text);
        List<Texts.Named> fitted = new Texts(calibration, Optional.empty()).calibrating();
        Validator.Outcome outcome = new Validator(
                        model.place(),
                        manifest,
                        source,
                        original == null ? source : Sources.SHIPPED.open(original, SourceOptions.NONE),
                        measured,
                        fitted,
                        tokens,
                        hosting.host(console))
                .validate();
        ValidationReport report = new ValidationReport(
                place,
                hosting.provider(),
                measured.name(),
                original == null ? "the checkpoint" : original.toString(),
                manifest,
                outcome,
                tolerance == null ? defaultTolerance(manifest) : tolerance,
                minAccuracyKept);
        return print(report);
    }

    private int print(ValidationReport report) {
        if (!report.isExact()) {
            console.notice(
                    "note: parity also fails if --against is another checkpoint of the same shape, or if the output was"
                            + " changed: see 'twofold verify'");
        }
        if (format == OutputFormat.JSON) {
            console.json(report.document());
        } else {
            report.print(console.out());
        }
        return report.passed() ? 0 : Main.CHECK_FAILED;
    }

    private static double defaultTolerance(Manifest manifest) {
        Precision precision = Arrays.stream(Precision.values())
                .filter(candidate ->
                        candidate.toString().equals(manifest.emission().dtype()))
                .findFirst()
                .orElse(Precision.FP32);
        return switch (precision) {
            case FP32 -> 1e-4;
            case FP16 -> 2e-2;
            case BF16 -> 1e-1;
        };
    }
}
