package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.ort.Benchmark;
import dev.twofold.ort.Benchmark.Speed;
import dev.twofold.ort.ModelSession;
import dev.twofold.pipeline.ModelOpener;
import dev.twofold.report.Manifest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description =
                "Times converted models side by side: how fast they read a prompt (prefill) and write tokens (decode).")
final class BenchCommand implements Callable<Integer> {

    @Parameters(
            arity = "1..*",
            paramLabel = "DIR",
            description = "Directories that convert wrote. Speed-ups are against the first.")
    private List<Path> directories = List.of();

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "How many tokens the prompt has (default: 128).")
    private int promptTokens = 128;

    @Option(names = "--new-tokens", paramLabel = "N", description = "How many tokens to write after it (default: 64).")
    private int newTokens = 64;

    @Option(names = "--batch", paramLabel = "B", description = "How many texts to run at once (default: 1).")
    private int batch = 1;

    @Option(
            names = "--rounds",
            paramLabel = "R",
            description = "How often to time each model; the median counts (default: 5).")
    private int rounds = 5;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Print the result as text (default) or json.")
    private OutputFormat format = OutputFormat.TEXT;

    @Mixin
    private HostOptions hosting = new HostOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (Math.min(Math.min(promptTokens, newTokens), Math.min(batch, rounds)) < 1) {
            throw TwofoldException.usage("numbers of tokens, rows and rounds should be 1 or more");
        }
        List<Manifest> manifests = directories.stream().map(Manifest::read).toList();
        manifests.forEach(this::requireRoom);
        manifests.forEach(this::requireLogits);
        List<ModelSession> sessions = new ArrayList<>();
        ModelOpener opener = new ModelOpener(hosting.host(console));
        try {
            for (int i = 0; i < directories.size(); i++) {
                sessions.add(opener.open(directories.get(i), manifests.get(i)));
            }
            print(new Benchmark(promptTokens, newTokens, batch, rounds).run(sessions), manifests);
        } finally {
            sessions.forEach(ModelSession::close);
        }
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
        long logits = (long) batch * promptTokens * manifest.model().vocabularySize();
        if (logits > Integer.MAX_VALUE) {
            throw TwofoldException.usage("the logits of the prompt do not fit a Java array")
                    .found(batch + " rows of " + promptTokens + " tokens, a vocabulary of "
                            + manifest.model().vocabularySize())
                    .expected("a product of at most " + Integer.MAX_VALUE)
                    .hint("lower --prompt-tokens or --batch");
        }
    }

    private void print(List<Speed> speeds, List<Manifest> manifests) {
        List<Map<String, Object>> runs = new ArrayList<>();
        List<Double> speedups = new ArrayList<>();
        for (int i = 0; i < speeds.size(); i++) {
            Speed speed = speeds.get(i);
            Map<String, Object> run = new LinkedHashMap<>();
            run.put("model", directories.get(i).toString());
            run.put("effectiveDepth", manifests.get(i).model().effectiveDepth());
            run.put("prefillTokensPerSecond", speed.prefillTokensPerSecond());
            run.put("decodeTokensPerSecond", speed.decodeTokensPerSecond());
            run.put("firstTokenMillis", speed.firstTokenMillis());
            int devices = manifests.get(i).sharding().isAbove()
                    ? manifests.get(i).sharding().devices()
                    : 1;
            run.put("devices", devices);
            if (devices > 1) {
                run.put("allReduces", manifests.get(i).model().allReduces());
                run.put("exchangeMillisPerToken", speed.exchangeMillisPerToken());
            }
            runs.add(run);
            speedups.add(speed.decodeTokensPerSecond() / speeds.get(0).decodeTokensPerSecond());
        }
        if (format == OutputFormat.JSON) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("provider", hosting.provider().toString());
            document.put("promptTokens", promptTokens);
            document.put("newTokens", newTokens);
            document.put("batch", batch);
            document.put("rounds", rounds);
            document.put("runs", runs);
            document.put("speedup", speedups);
            console.json(document);
            return;
        }
        boolean sharded = runs.stream().anyMatch(run -> run.containsKey("exchangeMillisPerToken"));
        console.out()
                .printf(
                        "%-32s %6s %14s %14s %12s %9s%s%n",
                        "model",
                        "depth",
                        "prefill tok/s",
                        "decode tok/s",
                        "first ms",
                        "decode x",
                        sharded ? String.format("%20s", "exchange ms/token") : "");
        for (int i = 0; i < runs.size(); i++) {
            Speed speed = speeds.get(i);
            console.out()
                    .printf(
                            Locale.ROOT,
                            "%-32s %6s %14.1f %14.1f %12.1f %9.3f%s%n",
                            directories.get(i),
                            manifests.get(i).model().effectiveDepth(),
                            speed.prefillTokensPerSecond(),
                            speed.decodeTokensPerSecond(),
                            speed.firstTokenMillis(),
                            speedups.get(i),
                            runs.get(i).containsKey("exchangeMillisPerToken")
                                    ? String.format(Locale.ROOT, "%20.3f", speed.exchangeMillisPerToken())
                                    : "");
        }
    }
}
