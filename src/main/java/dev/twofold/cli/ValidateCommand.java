package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.ort.Validation;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.pipeline.Compensation;
import dev.twofold.pipeline.Plan;
import dev.twofold.pipeline.Replay;
import dev.twofold.pipeline.SourceMatch;
import dev.twofold.pipeline.TokenHash;
import dev.twofold.report.Manifest;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.tensor.Precision;
import dev.twofold.tokenizer.TokenizerFile;
import dev.twofold.weight.WeightEvaluator;
import java.nio.file.Path;
import java.util.Arrays;
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
            "Proves a converted model against its checkpoint.",
            "Parity is how exactly the emitted graph computes its plan, and decides whether the model passes."
                    + " Quality is how well the plan predicts text next to the original, and is reported."
        })
final class ValidateCommand implements Callable<Integer> {

    @Parameters(paramLabel = "DIR", description = "An output directory of convert.")
    private Path directory = Path.of("");

    @Option(
            names = "--against",
            required = true,
            paramLabel = "CHECKPOINT",
            description = "The checkpoint it was converted from.")
    private Path checkpoint = Path.of("");

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "Text to measure on (default: a book that comes with Twofold).")
    private @Nullable Path text;

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description = "The text that the model was compensated with, if it was (default: the one that comes with"
                    + " Twofold).")
    private @Nullable Path calibration;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of it to measure (default: 4096).")
    private int tokens = 4096;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "Largest difference of logits over the largest logit of a token"
                    + " (default: 1e-4 for fp32, 2e-2 for fp16, 1e-1 for bf16).")
    private @Nullable Double tolerance;

    @Option(
            names = "--min-accuracy-kept",
            paramLabel = "X",
            description =
                    "Also fail if less than this share of the original's next-token accuracy is kept, such as 0.97.")
    private @Nullable Double minAccuracyKept;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private Models models = new Models();

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
        Manifest manifest = Manifest.read(directory);
        Checkpoint source = Checkpoint.read(checkpoint);
        SourceMatch.requireSameModel(manifest, source);
        Progress progress = console.progress();
        Decoder base = source.decoder();
        Plan plan = Replay.reference(manifest, base);
        TextWindows windows = windows(base);
        try (MappedFiles files = new MappedFiles();
                ModelSession session = models.open(directory, manifest, console);
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), models.provider(), models.device());
                Compensating compensating = compensating(plan, source)) {
            PassContext context = compensating == null ? new PassContext(progress) : compensating.context(progress);
            Decoder reference = Replay.run(plan, base, context);
            Validation validation = new Validation(session, engine, progress);
            Validation.Result result = validation.run(base, reference, windows);
            Optional<Score> uncompensated = compensating == null
                    ? Optional.empty()
                    : Optional.of(validation.score(
                            base,
                            Replay.run(Replay.uncompensated(manifest, base), base, new PassContext(progress)),
                            windows));
            return report(result, uncompensated, manifest);
        }
    }

    /** What the fits of the conversion are repeated with; null if there were none. */
    private @Nullable Compensating compensating(Plan plan, Checkpoint source) {
        Compensate.Options options = Compensation.in(plan).orElse(null);
        if (options == null) {
            return null;
        }
        TextWindows text = Compensating.text(source, calibration, options.tokens(), console);
        String recorded = options.text();
        if (recorded != null) {
            Compensation.requireSame(
                    recorded,
                    TokenHash.of(text),
                    calibration == null ? Text.CALIBRATION : calibration.toString(),
                    "give the text of the conversion with --calibration");
        }
        console.notice("note: repeating the fits of the conversion");
        Provider provider = Arrays.stream(Provider.values())
                .filter(candidate -> candidate.toString().equals(options.provider()))
                .findFirst()
                .orElse(models.provider());
        return new Compensating(text, provider, models.device(), console::notice);
    }

    private TextWindows windows(Decoder base) {
        int vocabulary = base.facts().vocabularySize();
        try (TokenizerFile tokenizer = TokenizerFile.open(checkpoint)) {
            int[] ids = tokenizer.encode(Text.evaluation(text), vocabulary);
            return Windows.cut(textName(), ids, base, tokens, console);
        }
    }

    private String textName() {
        return text == null ? Text.EVALUATION : text.toString();
    }

    private int report(Validation.Result result, Optional<Score> uncompensated, Manifest manifest) {
        ValidationReport report = new ValidationReport(
                directory,
                models.provider(),
                textName(),
                manifest,
                result,
                uncompensated,
                tolerance == null ? defaultTolerance(manifest) : tolerance,
                minAccuracyKept);
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
