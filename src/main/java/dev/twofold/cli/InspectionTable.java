package dev.twofold.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.inspection.Inspection;
import dev.twofold.measure.LossLimit;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;

/** The document of an inspection as tables for a terminal. */
final class InspectionTable {

    private final JsonNode document;

    InspectionTable(JsonNode document) {
        this.document = document;
    }

    void print(PrintWriter out) {
        JsonNode model = document.get("model");
        JsonNode measurement = document.get("measurement");
        out.printf(
                Locale.ROOT,
                "%s: %d layers, hidden size %d, %d heads, %s, %.1f M parameters%n",
                model.get("name").asText(),
                model.get("layers").asInt(),
                model.get("hiddenSize").asInt(),
                model.get("attentionHeads").asInt(),
                model.get("kvHeads").asInt() == 1
                        ? "1 KV head"
                        : model.get("kvHeads").asInt() + " KV heads",
                model.get("parameters").asLong() / 1e6);
        out.printf(
                Locale.ROOT,
                "measured on %d tokens of %s: perplexity %.2f%n%n",
                measurement.get("tokens").asInt(),
                measurement.get("text").asText(),
                measurement.get("basePerplexity").asDouble());
        rewrites(out);
        layers(out);
        plans(out);
        if (document.has("stepPlans")) {
            stepPlans(out);
        }
        if (document.has("compensation")) {
            compensation(out);
        }
        recommendations(out);
        out.flush();
    }

    private void rewrites(PrintWriter out) {
        out.println("rewrite             possible  because");
        for (JsonNode rewrite : document.get("rewrites")) {
            String line = String.format(
                    Locale.ROOT,
                    "%-18s  %-8s  %s",
                    rewrite.get("rewrite").asText(),
                    rewrite.get("verdict").asText(),
                    rewrite.get("reason").asText());
            out.println(line.stripTrailing());
        }
        out.println();
    }

    private void layers(PrintWriter out) {
        out.println("layer  influence  angular   depends most on   beside the next one");
        for (JsonNode layer : document.get("layers")) {
            int index = layer.get("index").asInt();
            out.printf(
                    Locale.ROOT,
                    "%5d  %9.4f  %7.4f   %-15s   %s%n",
                    index,
                    layer.get("blockInfluence").asDouble(),
                    layer.get("angularDistance").asDouble(),
                    strongest(index),
                    pairCost(index));
        }
        out.println();
    }

    private String strongest(int layer) {
        JsonNode row = document.get("dependency").get(layer);
        int best = -1;
        for (int a = 0; a < layer; a++) {
            if (best < 0 || row.get(a).asDouble() > row.get(best).asDouble()) {
                best = a;
            }
        }
        return best < 0
                ? ""
                : String.format(Locale.ROOT, "%d (%.3f)", best, row.get(best).asDouble());
    }

    private String pairCost(int layer) {
        for (JsonNode pair : document.get("pairs")) {
            if (pair.get("first").asInt() == layer) {
                return String.format(
                        Locale.ROOT,
                        "%+.4f%s nats, KL %.4f",
                        pair.get("deltaLoss").asDouble(),
                        error(pair),
                        pair.get("kl").asDouble());
            }
        }
        return "";
    }

    private static String error(JsonNode measured) {
        JsonNode error = measured.get("standardError");
        return error.isNull() ? "" : String.format(Locale.ROOT, " +-%.4f", error.asDouble());
    }

    private void plans(PrintWriter out) {
        boolean heldOut = document.has("heldOut");
        out.printf(
                Locale.ROOT,
                "depth  predicted  measured  %sbest window       chosen plan%n",
                heldOut ? "held-out  " : "");
        List<JsonNode> windows = new ArrayList<>();
        document.get("windows").forEach(windows::add);
        for (JsonNode plan : document.get("plans")) {
            int depth = plan.get("effectiveDepth").asInt();
            String window = windows.stream()
                    .filter(candidate -> candidate.get("effectiveDepth").asInt() == depth)
                    .min(Comparator.comparingDouble(
                            candidate -> candidate.get("measuredLoss").asDouble()))
                    .map(best -> rise(best, "perplexityIncrease") + " "
                            + best.get("window").asText())
                    .orElse("");
            out.printf(
                    Locale.ROOT,
                    "%5d  %9s  %8s  %s%-16s  %s%n",
                    depth,
                    predicted(plan),
                    rise(plan, "perplexityIncrease"),
                    heldOut ? String.format("%8s  ", rise(plan, "heldOutIncrease")) : "",
                    window,
                    groups(plan));
        }
        out.println("       (rise of the perplexity)");
        out.println();
    }

    private void stepPlans(PrintWriter out) {
        out.println("steps saved  KL predicted  measured  perplexity  merges");
        for (JsonNode plan : document.get("stepPlans")) {
            List<String> merges = new ArrayList<>();
            plan.get("merges").forEach(merge -> merges.add(merge.asText()));
            out.printf(
                    Locale.ROOT,
                    "%11d  %12.4f  %8.4f  %10s  %s%n",
                    plan.get("stepsSaved").asInt(),
                    plan.get("predictedKl").asDouble(),
                    plan.get("kl").asDouble(),
                    rise(plan, "perplexityIncrease"),
                    String.join(",", merges));
        }
        out.println("             (nats a token, and the rise of the perplexity)");
        out.println();
    }

    private String predicted(JsonNode plan) {
        JsonNode loss = plan.get("predictedLoss");
        double base = document.get("measurement").get("baseLoss").asDouble();
        return loss.isNull() ? "-" : percent(Math.expm1(loss.asDouble() - base));
    }

    private static String rise(JsonNode plan, String key) {
        return percent(plan.get(key).asDouble());
    }

    private static String percent(double share) {
        String form = Math.abs(share) < 1 ? "%+.2f%%" : Math.abs(share) < 1000 ? "%+.0f%%" : "%+.0e%%";
        return String.format(Locale.ROOT, form, 100 * share);
    }

    private static String groups(JsonNode plan) {
        List<String> groups = new ArrayList<>();
        plan.get("pairs")
                .forEach(group -> groups.add(
                        group.get(0).asInt() + "-" + group.get(group.size() - 1).asInt()));
        return String.join(" ", groups);
    }

    private void compensation(PrintWriter out) {
        JsonNode compensation = document.get("compensation");
        out.printf(Locale.ROOT, "depth  as it is  rescaled  compensated  plan%n");
        for (JsonNode row : compensation.get("plans")) {
            out.printf(
                    Locale.ROOT,
                    "%5d  %8s  %8s  %11s  %s %s%n",
                    row.get("effectiveDepth").asInt(),
                    rise(row, "heldOutIncrease"),
                    known(row, "rescaledIncrease"),
                    known(row, "compensatedIncrease"),
                    row.get("kind").asText(),
                    row.get("plan").asText());
        }
        out.printf(
                Locale.ROOT,
                "       (rise of the perplexity on %s, fitted to %d tokens of %s)%n%n",
                compensation.get("heldOutText").asText(),
                compensation.get("tokens").asInt(),
                compensation.get("text").asText());
    }

    private static String known(JsonNode row, String key) {
        return row.get(key).isNull() ? "-" : rise(row, key);
    }

    private void recommendations(PrintWriter out) {
        JsonNode plans = document.get("plans");
        if (document.get("recommended").isEmpty()) {
            withoutPairs(out);
        }
        for (JsonNode recommendation : document.get("recommended")) {
            JsonNode plan = plans.get(recommendation.get("plan").asInt());
            out.printf(
                    Locale.ROOT,
                    "within %s: depth %d of %d%n  %s%n",
                    share(recommendation.get("maxLoss").asDouble()),
                    plan.get("effectiveDepth").asInt(),
                    document.get("model").get("layers").asInt(),
                    plan.get("command").asText());
        }
    }

    /** Where no pairs are worth recommending, merged steps may be. */
    private void withoutPairs(PrintWriter out) {
        LossLimit limit = Inspection.HIGHEST_LIMIT;
        out.println("No " + (document.has("stepPlans") ? "plan of pairs" : "plan") + " keeps the perplexity within "
                + limit + ".");
        StreamSupport.stream(document.path("stepPlans").spliterator(), false)
                .filter(plan -> limit.allows(plan.get("perplexityIncrease").asDouble()))
                .max(Comparator.comparingInt(plan -> plan.get("stepsSaved").asInt()))
                .ifPresent(plan -> out.printf(
                        Locale.ROOT,
                        "within %s by merged steps: %d steps fewer, %s, not checked on another text%n  %s%n",
                        limit,
                        plan.get("stepsSaved").asInt(),
                        rise(plan, "perplexityIncrease"),
                        plan.get("command").asText()));
    }

    private static String share(double share) {
        String digits = String.format(Locale.ROOT, "%.1f", 100 * share);
        return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits) + "%";
    }
}
