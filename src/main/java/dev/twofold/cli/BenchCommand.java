package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.ort.Benchmark;
import dev.twofold.ort.Benchmark.Speed;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Waiting;
import dev.twofold.pipeline.ModelOpener;
import dev.twofold.pipeline.OutputModel;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.OnnxOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Times converted models side by side: how fast they read a prompt (prefill) and write tokens (decode).",
            "A round loads all once for each of them, another first each time, since where a model lies in memory changes its speed.",
            "The first model is loaded and timed once more beside itself: what it differs by from itself is noise, and a"
                    + " difference within that is none."
        })
final class BenchCommand implements Callable<Integer> {

    @Parameters(
            arity = "1..*",
            paramLabel = "DIR",
            description =
                    "Directories that convert wrote, or models in them: DIR/onnx/model_q4.onnx. Speed-ups are against"
                            + " the first.")
    private List<Path> directories = List.of();

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "How many tokens the prompt has (default: 128).")
    private int promptTokens = 128;

    @Option(names = "--new-tokens", paramLabel = "N", description = "How many tokens to write after it (default: 32).")
    private int newTokens = 32;

    @Option(names = "--batch", paramLabel = "B", description = "How many texts to run at once (default: 1).")
    private int batch = 1;

    @Option(names = "--rounds", paramLabel = "R", description = "How many rounds there are (default: 6).")
    private int rounds = 6;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private ThreadOptions threads = new ThreadOptions();

    @Mixin
    private HostOptions hosting = new HostOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (Math.min(Math.min(promptTokens, newTokens), Math.min(batch, rounds)) < 1) {
            throw TwofoldException.usage("numbers of tokens, rows and rounds should be 1 or more");
        }
        List<OutputModel> models = directories.stream().map(OutputModel::of).toList();
        models.forEach(model -> model.notes().forEach(console::notice));
        List<Manifest> manifests = models.stream().map(OutputModel::manifest).toList();
        manifests.forEach(this::requireRoom);
        manifests.forEach(this::requireLogits);
        ModelOpener opener = new ModelOpener(hosting.host(console), threads.waiting(Waiting.SPINNING_IN_RUNS));
        List<Supplier<ModelSession>> loads = new ArrayList<>();
        for (OutputModel model : models) {
            loads.add(() -> opener.open(model.place(), model.manifest()));
        }
        if (models.size() > 1) {
            loads.add(loads.get(0));
        }
        if (!hosting.provider().isCpu()) {
            console.notice("note: this is not the models' speed on " + hosting.provider()
                    + ": caches travel through this process at every token; tools/gpu/speed.py times them in place");
        }
        print(new Benchmark(promptTokens, newTokens, batch, rounds).run(loads), manifests);
        return 0;
    }

    private void requireRoom(Manifest manifest) {
        int context = manifest.model().contextLength();
        if ((long) promptTokens + newTokens > context) {
            throw TwofoldException.usage("prompt and new tokens do not fit the model's context")
                    .found(promptTokens + " + " + newTokens)
                    .expected("at most " + context)
                    .hint("lower --prompt-tokens or --new-tokens");
        }
    }

    private void requireLogits(Manifest manifest) {
        boolean last = manifest.emission().option(OnnxOptions.LOGITS).equals(LogitsSpan.LAST.toString());
        long logits =
                (long) batch * (last ? 1 : promptTokens) * manifest.model().vocabularySize();
        if (logits > Integer.MAX_VALUE) {
            throw TwofoldException.usage("the logits of the prompt do not fit a Java array")
                    .found(batch + " rows of " + promptTokens + " tokens, a vocabulary of "
                            + manifest.model().vocabularySize())
                    .expected("a product of at most " + Integer.MAX_VALUE)
                    .hint("lower --prompt-tokens or --batch, or convert with --logits last");
        }
    }

    private void print(List<Speed> speeds, List<Manifest> manifests) {
        BenchReport report = BenchReport.of(directories, manifests, speeds);
        if (format == OutputFormat.JSON) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("provider", hosting.provider().toString());
            document.put("promptTokens", promptTokens);
            document.put("newTokens", newTokens);
            document.put("batch", batch);
            document.put("rounds", rounds);
            document.put("spinning", threads.spinning());
            document.put("cachesInPlace", hosting.provider().isCpu());
            document.putAll(report.document());
            console.json(document);
        } else {
            report.print(console.out());
        }
    }
}
