package dev.twofold.cli;

import dev.twofold.measure.Score;
import dev.twofold.ort.Parity;
import dev.twofold.ort.Provider;
import dev.twofold.ort.Quality;
import dev.twofold.ort.Routing;
import dev.twofold.ort.Validation;
import dev.twofold.pipeline.Validator;
import dev.twofold.report.Manifest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a validation found, judged: parity against a tolerance, quality only against what the user asked for.
 *
 * @param text what was measured on, for people
 * @param original what quality is measured against, for people
 * @param tolerance largest difference of logits over the largest logit of a token
 * @param minAccuracyKept share of the original's accuracy to keep, if quality is to decide too
 */
record ValidationReport(
        Path directory,
        Provider provider,
        String text,
        String original,
        Manifest manifest,
        Validator.Outcome outcome,
        double tolerance,
        @Nullable Double minAccuracyKept) {

    private Validation.Result result() {
        return outcome.result();
    }

    /** What ONNX Runtime's rounding of activations to int8 may come to, of which nothing is said in the model. */
    private static final double ROUNDED_ACTIVATIONS = 1e-1;

    boolean isExact() {
        double worst = Math.max(
                result().parity().maxRelative(), result().decodedParity().maxRelative());
        return worst <= tolerance
                && result().routing().filter(found -> found.gap() > tolerance).isEmpty()
                && result().shippedRouting()
                        .filter(found -> found.gap() > shippedRoutingTolerance())
                        .isEmpty()
                && shipped()
                        .filter(parity -> parity.maxRelative() > shippedTolerance())
                        .isEmpty();
    }

    private Optional<Parity> shipped() {
        return result().shippedParity();
    }

    private double shippedTolerance() {
        return Math.max(tolerance, ROUNDED_ACTIVATIONS);
    }

    private double shippedRoutingTolerance() {
        return shipped().isPresent() ? shippedTolerance() : tolerance;
    }

    private boolean isGoodEnough() {
        return minAccuracyKept == null || result().quality().accuracyKept() >= minAccuracyKept;
    }

    boolean passed() {
        return isExact() && isGoodEnough();
    }

    /** The JSON document. */
    Map<String, Object> document() {
        Map<String, Object> parity = new LinkedHashMap<>();
        parity.put("maxAbsolute", result().parity().maxAbsolute());
        parity.put("maxRelative", result().parity().maxRelative());
        parity.put("decodedMaxAbsolute", result().decodedParity().maxAbsolute());
        parity.put("decodedMaxRelative", result().decodedParity().maxRelative());
        parity.put("tolerance", tolerance);
        shipped().ifPresent(rounded -> {
            parity.put("shippedMaxAbsolute", rounded.maxAbsolute());
            parity.put("shippedMaxRelative", rounded.maxRelative());
            parity.put("shippedTolerance", shippedTolerance());
        });
        result().shippedRouting().ifPresent(found -> parity.put("routing", document(found)));
        parity.put("passed", isExact());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("provider", provider.toString());
        document.put("dtype", manifest.emission().dtype());
        if (!manifest.emission().blocks().isEmpty()) {
            document.put("blocks", manifest.emission().blocks());
        }
        document.put("effectiveDepth", manifest.model().effectiveDepth());
        document.put("tokens", result().tokens());
        document.put("window", outcome.text().length());
        document.put("beginToken", outcome.text().begin().orElse(null));
        document.put("parity", parity);
        document.put("quality", result().quality());
        outcome.uncompensated().ifPresent(score -> document.put("withoutCompensation", without(score)));
        outcome.placement().ifPresent(nodes -> {
            Map<String, Object> placement = new LinkedHashMap<>();
            placement.put("nodes", nodes.there());
            placement.put("elsewhere", nodes.elsewhere());
            document.put("placement", placement);
        });
        if (minAccuracyKept != null) {
            document.put("minAccuracyKept", minAccuracyKept);
        }
        document.put("passed", passed());
        return document;
    }

    private Map<String, Object> document(Routing found) {
        Map<String, Object> routing = new LinkedHashMap<>();
        routing.put("choices", found.choices());
        routing.put("differing", found.differing());
        routing.put("largestGap", found.gap());
        routing.put("tolerance", shippedRoutingTolerance());
        result().routing().filter(exact -> shipped().isPresent()).ifPresent(exact -> {
            routing.put("exactDiffering", exact.differing());
            routing.put("exactLargestGap", exact.gap());
        });
        routing.put("ownMaxAbsolute", found.own().maxAbsolute());
        routing.put("ownMaxRelative", found.own().maxRelative());
        return routing;
    }

    private Map<String, Object> without(Score score) {
        Map<String, Object> quality = new LinkedHashMap<>();
        quality.put("loss", score.loss());
        quality.put("perplexity", Math.exp(score.loss()));
        quality.put("accuracy", score.accuracy());
        quality.put("accuracyKept", kept(score));
        quality.put("kl", score.kl());
        return quality;
    }

    private double kept(Score score) {
        double base = result().quality().baseAccuracy();
        return base == 0 ? 1 : score.accuracy() / base;
    }

    void print(PrintWriter out) {
        Parity parity = result().parity();
        out.printf(
                Locale.ROOT,
                "%s on %s, %d tokens of %s in %s%n",
                directory,
                provider,
                result().tokens(),
                text,
                outcome.text().convention());
        out.printf(
                Locale.ROOT,
                "parity with the plain plan   %s: logits differ by at most %.2e, relative %.2e (tolerance %.0e); token by token %.2e%n",
                isExact() ? "passed" : "FAILED",
                parity.maxAbsolute(),
                parity.maxRelative(),
                tolerance,
                result().decodedParity().maxRelative());
        shipped()
                .ifPresent(rounded -> out.printf(
                        Locale.ROOT,
                        "  that is with products in %s; as ONNX Runtime multiplies blocks: relative %.2e (tolerance %.0e)%n",
                        manifest.emission().dtype(),
                        rounded.maxRelative(),
                        shippedTolerance()));
        result().shippedRouting().ifPresent(found -> print(out, found));
        out.printf(
                "quality against %s (effective depth %d of %d)%n",
                original, manifest.model().effectiveDepth(), manifest.model().layers());
        print(out, result().quality());
        outcome.uncompensated()
                .ifPresent(score -> out.printf(
                        Locale.ROOT,
                        "without compensation: loss %.4f, perplexity %.4f, accuracy kept %.2f%%, KL %.4f nats%n",
                        score.loss(),
                        Math.exp(score.loss()),
                        100 * kept(score),
                        score.kl()));
    }

    private void print(PrintWriter out, Routing routing) {
        if (routing.differing() == 0) {
            out.printf("  with the experts that the plan chooses, which the model chooses too%n");
            return;
        }
        out.printf(
                Locale.ROOT,
                "  with the experts that the plan chooses; the model chooses others %d times of %d, where their scores differ by"
                        + " at most %.2e (tolerance %.0e); with its own: relative %.2e%n",
                routing.differing(),
                routing.choices(),
                routing.gap(),
                shippedRoutingTolerance(),
                routing.own().maxRelative());
    }

    private void print(PrintWriter out, Quality quality) {
        row(out, "loss, nats a token", quality.baseLoss(), quality.loss());
        row(out, "perplexity", quality.basePerplexity(), quality.perplexity());
        row(out, "next-token accuracy", quality.baseAccuracy(), quality.accuracy());
        out.printf(
                Locale.ROOT,
                "  accuracy kept        %8.2f%%%s%n  top-1 agreement      %8.2f%%%n  KL divergence        %8.4f nats%n",
                100 * quality.accuracyKept(),
                isGoodEnough() ? "" : "  FAILED: below --min-accuracy-kept",
                100 * quality.topOneAgreement(),
                quality.kl());
    }

    private static void row(PrintWriter out, String name, double before, double after) {
        out.printf(Locale.ROOT, "  %-20s %9.4f -> %.4f%n", name, before, after);
    }
}
