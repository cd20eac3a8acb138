package dev.twofold.cli;

import dev.twofold.ort.Benchmark.Speed;
import dev.twofold.ort.Speedup;
import dev.twofold.report.Manifest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a benchmark measured.
 *
 * @param rows a model each, in the order of the command line
 * @param again the first model once more, beside itself; empty of a single model
 */
record BenchReport(List<Row> rows, Optional<Row> again) {

    private static final String SAME = "no difference";

    /** One model. */
    record Row(String name, Manifest manifest, Speed speed) {

        int devices() {
            return manifest.sharding().isAbove() ? manifest.sharding().devices() : 1;
        }

        Speedup speedup() {
            return speed.decodeSpeedup();
        }
    }

    /** @param speeds of the directories, and of the first of several once more */
    static BenchReport of(List<Path> directories, List<Manifest> manifests, List<Speed> speeds) {
        List<Row> rows = IntStream.range(0, directories.size())
                .mapToObj(i -> new Row(directories.get(i).toString(), manifests.get(i), speeds.get(i)))
                .toList();
        Optional<Row> again = speeds.size() > rows.size()
                ? Optional.of(new Row("(the first again)", manifests.get(0), speeds.get(rows.size())))
                : Optional.empty();
        return new BenchReport(rows, again);
    }

    private double noise() {
        return again.map(row -> row.speedup().noise()).orElse(0.0);
    }

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("runs", rows.stream().map(this::run).toList());
        document.put("speedup", rows.stream().map(row -> row.speedup().median()).toList());
        again.ifPresent(row -> document.put("firstAgain", spread(row.speedup())));
        return document;
    }

    private Map<String, Object> run(Row row) {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("model", row.name());
        run.put("effectiveDepth", row.manifest().model().effectiveDepth());
        run.put("prefillTokensPerSecond", row.speed().prefillTokensPerSecond());
        run.put("decodeTokensPerSecond", row.speed().decodeTokensPerSecond());
        run.put("firstTokenMillis", row.speed().firstTokenMillis());
        run.put("devices", row.devices());
        if (row.devices() > 1) {
            run.put("allReduces", row.manifest().model().allReduces());
            run.put("exchangeMillisPerToken", row.speed().exchangeMillisPerToken());
        }
        run.put("decodeSpeedup", spread(row.speedup()));
        run.put("differs", row.speedup().differs(noise()));
        return run;
    }

    private static Map<String, Object> spread(Speedup speedup) {
        Map<String, Object> spread = new LinkedHashMap<>();
        spread.put("median", speedup.median());
        spread.put("low", speedup.low());
        spread.put("high", speedup.high());
        return spread;
    }

    void print(PrintWriter out) {
        boolean sharded = rows.stream().anyMatch(row -> row.devices() > 1);
        out.printf(
                "%-32s %6s %14s %14s %12s %9s %14s%s%n",
                "model",
                "depth",
                "prefill tok/s",
                "decode tok/s",
                "first ms",
                "decode x",
                "spread",
                sharded ? String.format("%20s", "exchange ms/token") : "");
        List<Row> all = new ArrayList<>(rows);
        again.ifPresent(all::add);
        for (int i = 0; i < all.size(); i++) {
            Row row = all.get(i);
            boolean compared = i > 0 && i < rows.size();
            out.printf(
                    Locale.ROOT,
                    "%-32s %6s %14.1f %14.1f %12.1f %9.3f %14s%s%s%n",
                    row.name(),
                    row.manifest().model().effectiveDepth(),
                    row.speed().prefillTokensPerSecond(),
                    row.speed().decodeTokensPerSecond(),
                    row.speed().firstTokenMillis(),
                    row.speedup().median(),
                    i == 0
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    "%.3f to %.3f",
                                    row.speedup().low(),
                                    row.speedup().high()),
                    row.devices() > 1
                            ? String.format(Locale.ROOT, "%20.3f", row.speed().exchangeMillisPerToken())
                            : "",
                    compared && !row.speedup().differs(noise()) ? "  " + SAME : "");
        }
    }
}
