package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.estimate.CallTime;
import dev.twofold.estimate.CostModel;
import dev.twofold.estimate.HardwareChoice;
import dev.twofold.estimate.RuntimeName;
import dev.twofold.estimate.Speed;
import dev.twofold.estimate.Workload;
import dev.twofold.inspection.PlannedModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** The predicted speed of a model as its checkpoint is, and as it is converted, for people and as JSON. */
final class EstimateReport {

    /** What the latency of all-reduces is multiplied by, to show what depends on it. */
    private static final List<Double> FACTORS = List.of(0.5, 1.0, 2.0, 4.0);

    private static final List<Part> PARTS = List.of(
            new Part("memory", CallTime::memory),
            new Part("compute", CallTime::compute),
            new Part("kernel gaps", CallTime::gaps),
            new Part("all-reduces", CallTime::exchanges),
            new Part("waiting for host", CallTime::host));

    private final Path path;
    private final HardwareChoice choice;
    private final PlannedModel planned;
    private final RuntimeName runtime;
    private final Speed.Text text;
    private final List<Workload> converted;
    private final Optional<List<Workload>> original;

    EstimateReport(Path path, HardwareChoice choice, PlannedModel planned, RuntimeName runtime, Speed.Text text) {
        this.path = path;
        this.choice = choice;
        this.planned = planned;
        this.runtime = runtime;
        this.text = text;
        this.converted = planned.workloads();
        this.original = planned.originalWorkloads();
    }

    /** A share of the time of a call. */
    private record Part(String name, ToDoubleFunction<CallTime> seconds) {}

    /** Both models under the same conditions; the original is missing if it cannot be cut the same way. */
    private record Pair(Optional<Speed> original, Speed converted) {

        Optional<Double> speedup(ToDoubleFunction<Speed> tokensPerSecond) {
            return original.map(
                    before -> tokensPerSecond.applyAsDouble(converted) / tokensPerSecond.applyAsDouble(before));
        }
    }

    private Pair speeds(RuntimeName kernels, double latencyFactor) {
        CostModel model =
                new CostModel(choice.hardware(), kernels, planned.decoder().precision(), latencyFactor);
        return new Pair(original.map(devices -> Speed.of(model, devices, text)), Speed.of(model, converted, text));
    }

    /** What a device would have to hold, if that is more than it can. */
    Optional<String> shortage() {
        double positions = (double) text.rows() * ((double) text.promptTokens() + text.newTokens());
        double gigabytes = converted.stream()
                .mapToDouble(device -> 1e-9 * (device.storedBytes() + positions * device.cacheBytesPerPosition()))
                .max()
                .orElseThrow();
        double room = choice.hardware().memoryGigabytes().value();
        return gigabytes <= room
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "note: a device would hold %.1f GB of weights and KV cache, and has %.0f GB",
                        gigabytes,
                        room));
    }

    Map<String, Object> document() {
        Pair speeds = speeds(runtime, 1);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", path.toString());
        document.put("hardware", choice.name());
        document.put("devices", planned.devices());
        document.put("runtime", runtime.toString());
        document.put("dtype", planned.decoder().precision().toString());
        document.put("batch", text.rows());
        document.put("promptTokens", text.promptTokens());
        document.put("newTokens", text.newTokens());
        speeds.original()
                .ifPresent(before ->
                        document.put("original", document(planned.original(), original.orElseThrow(), before)));
        document.put("converted", document(planned.decoder(), converted, speeds.converted()));
        speeds.speedup(Speed::prefillTokensPerSecond).ifPresent(ratio -> document.put("prefillSpeedup", ratio));
        speeds.speedup(Speed::decodeTokensPerSecond).ifPresent(ratio -> document.put("decodeSpeedup", ratio));
        List<Map<String, Object>> latencies = new ArrayList<>();
        for (double factor : factors()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("latencyFactor", factor);
            entry.putAll(decoding(speeds(runtime, factor)));
            latencies.add(entry);
        }
        document.put("byAllReduceLatency", latencies);
        List<Map<String, Object>> runtimes = new ArrayList<>();
        for (RuntimeName kernels : RuntimeName.values()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("runtime", kernels.toString());
            entry.putAll(decoding(speeds(kernels, 1)));
            runtimes.add(entry);
        }
        document.put("byRuntime", runtimes);
        return document;
    }

    private List<Double> factors() {
        return planned.devices() == 1 ? List.of() : FACTORS;
    }

    private static Map<String, Object> document(Decoder decoder, List<Workload> devices, Speed speed) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("effectiveDepth", decoder.effectiveDepth());
        document.put("allReduces", devices.get(0).allReduces());
        document.put(
                "weightBytes",
                devices.stream().mapToLong(Workload::storedBytes).max().orElseThrow());
        document.put("prefillTokensPerSecond", speed.prefillTokensPerSecond());
        document.put("decodeTokensPerSecond", speed.decodeTokensPerSecond());
        document.put("firstTokenMillis", 1e3 * speed.prefill().total());
        document.put("prefillMicroseconds", microseconds(speed.prefill()));
        document.put("decodeMicroseconds", microseconds(speed.decode()));
        return document;
    }

    private static Map<String, Object> microseconds(CallTime time) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("memory", 1e6 * time.memory());
        document.put("compute", 1e6 * time.compute());
        document.put("gaps", 1e6 * time.gaps());
        document.put("allReduces", 1e6 * time.exchanges());
        document.put("host", 1e6 * time.host());
        document.put("total", 1e6 * time.total());
        return document;
    }

    private static Map<String, Object> decoding(Pair speeds) {
        Map<String, Object> document = new LinkedHashMap<>();
        speeds.original()
                .ifPresent(before -> document.put("originalDecodeTokensPerSecond", before.decodeTokensPerSecond()));
        document.put("convertedDecodeTokensPerSecond", speeds.converted().decodeTokensPerSecond());
        speeds.speedup(Speed::decodeTokensPerSecond).ifPresent(ratio -> document.put("decodeSpeedup", ratio));
        return document;
    }

    void print(PrintWriter out) {
        Pair speeds = speeds(runtime, 1);
        out.printf(
                Locale.ROOT,
                "%s on %d x %s, %s, runtime %s%n%d row(s), %d tokens of prompt, %d new ones%n%n",
                path,
                planned.devices(),
                choice.hardware().name(),
                planned.decoder().precision(),
                runtime,
                text.rows(),
                text.promptTokens(),
                text.newTokens());
        out.printf("%-28s %12s %12s %9s%n", "", "original", "converted", "ratio");
        out.printf(
                "%-28s %12d %12d%n",
                "effective depth",
                planned.original().effectiveDepth(),
                planned.decoder().effectiveDepth());
        out.printf(
                "%-28s %12s %12d%n",
                "all-reduces a token",
                original.map(devices -> String.valueOf(devices.get(0).allReduces()))
                        .orElse("-"),
                converted.get(0).allReduces());
        line(out, "prefill, tokens/s", speeds, Speed::prefillTokensPerSecond, true);
        line(out, "decode, tokens/s", speeds, Speed::decodeTokensPerSecond, true);
        line(out, "a decoding call, us", speeds, speed -> 1e6 * speed.decode().total(), false);
        for (Part part : PARTS) {
            line(out, "  " + part.name(), speeds, speed -> 1e6 * part.seconds().applyAsDouble(speed.decode()), false);
        }
        latencies(out, "if all-reduces had other latencies", runtime);
        if (speeds.converted().decode().host() > 0) {
            latencies(out, "if they had, and nothing waited for the host (--runtime graph)", RuntimeName.GRAPH);
        }
        out.printf("%ndecode, tokens/s, by runtime%n");
        for (RuntimeName kernels : RuntimeName.values()) {
            line(out, "  " + kernels, speeds(kernels, 1), Speed::decodeTokensPerSecond, true);
        }
        if (original.isEmpty()) {
            out.printf("%nthe original cannot be cut over these devices in the same way%n");
        }
    }

    private void latencies(PrintWriter out, String condition, RuntimeName kernels) {
        if (!factors().isEmpty()) {
            out.printf("%ndecode, tokens/s, %s%n", condition);
        }
        for (double factor : factors()) {
            line(out, "  x " + factor, speeds(kernels, factor), Speed::decodeTokensPerSecond, true);
        }
    }

    private static void line(PrintWriter out, String title, Pair speeds, ToDoubleFunction<Speed> value, boolean ratio) {
        String before = speeds.original()
                .map(speed -> String.format(Locale.ROOT, "%.1f", value.applyAsDouble(speed)))
                .orElse("-");
        String times = speeds.speedup(value)
                .filter(any -> ratio)
                .map(factor -> String.format(Locale.ROOT, " %9.3f", factor))
                .orElse("");
        out.printf(Locale.ROOT, "%-28s %12s %12.1f%s%n", title, before, value.applyAsDouble(speeds.converted()), times);
    }
}
