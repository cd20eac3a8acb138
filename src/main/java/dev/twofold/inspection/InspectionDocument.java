package dev.twofold.inspection;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderSize;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.layers.Applicability;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.measure.PlanScore;
import dev.twofold.source.Source;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** An inspection as the JSON document that {@code inspect} prints, writes, and makes its page of. */
public final class InspectionDocument {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Source source;
    private final Inspection inspection;
    private final PlanForms forms;

    private InspectionDocument(Source source, Inspection inspection) {
        this.source = source;
        this.inspection = inspection;
        this.forms = new PlanForms(source, inspection.form());
    }

    /**
     * What the measurement was made with, for people.
     *
     * @param text name of the calibration text
     * @param begin the token before every window, if there is one
     * @param heldOut name of the held-out text; means nothing if there is none
     * @param calibrationTokens tokens that compensation was fitted to; means nothing if there was none
     */
    public record Setting(
            String version,
            String text,
            int tokens,
            int window,
            Optional<Integer> begin,
            int groupLimit,
            String provider,
            String heldOut,
            int calibrationTokens) {}

    public static ObjectNode of(Source source, Inspection inspection, Setting setting) {
        return new InspectionDocument(source, inspection).document(setting);
    }

    private ObjectNode document(Setting setting) {
        ObjectNode document = NODES.objectNode().put("twofold", setting.version());
        document.set("model", model());
        document.set("rewrites", rewrites());
        document.set("measurement", measurement(setting));
        inspection
                .heldOut()
                .ifPresent(text -> document.set(
                        "heldOut",
                        score(text.base()).put("text", setting.heldOut()).put("tokens", text.tokens())));
        LayerFindings findings = inspection.layers();
        document.set("layers", layers(findings));
        document.set("similarity", matrix(findings.cosine()));
        document.set("angular", matrix(findings.angular()));
        document.set("cka", matrix(findings.cka()));
        document.set("dependency", dependency(findings.dependency()));
        document.set("pairs", pairs());
        document.set("groups", groups());
        ArrayNode plans = document.putArray("plans");
        inspection.chosen().forEach(plan -> plans.add(plan(plan, "--pairs " + plan.plan())));
        ArrayNode windows = document.putArray("windows");
        for (MeasuredPlan plan : inspection.windows()) {
            String window = Inspection.window(plan);
            windows.add(plan(plan, "--window " + window).put("window", window));
        }
        ArrayNode recommended = document.putArray("recommended");
        inspection
                .recommendations()
                .forEach(recommendation -> recommended
                        .addObject()
                        .put("maxLoss", recommendation.limit().share().doubleValue())
                        .put("plan", recommendation.index()));
        document.set("prediction", prediction());
        StepDocument steps = new StepDocument(source.decoder(), inspection, forms);
        inspection.steps().ifPresent(study -> {
            document.set("merges", steps.merges(study));
            document.set("stepPlans", steps.plans(study));
        });
        document.set("speed", steps.speed());
        if (!inspection.compensation().isEmpty()) {
            document.set("compensation", compensation(setting));
        }
        return document;
    }

    private ObjectNode model() {
        Decoder decoder = source.decoder();
        ModelFacts facts = decoder.facts();
        Attention.Heads heads = forms.heads();
        DecoderSize size = DecoderSize.of(decoder);
        PlanForms.EmittedForm unpaired = forms.of(Plan.none(facts.layers()));
        return NODES.objectNode()
                .put("name", source.name())
                .put("path", source.path().toString())
                .put("family", facts.modelType())
                .put("layers", facts.layers())
                .put("hiddenSize", facts.hiddenSize())
                .put("attentionHeads", heads.heads())
                .put("kvHeads", heads.kvHeads())
                .put("headSize", decoder.headSize())
                .put("feedForwardSize", size.feedForwardSize())
                .put("vocabularySize", facts.vocabularySize())
                .put("contextLength", facts.contextLength())
                .put("parameters", size.parameters())
                .put("tiedEmbeddings", decoder.tied())
                .put("nodes", unpaired.nodes())
                .put("allReduces", unpaired.allReduces())
                .put("kvBytesPerToken", unpaired.kvBytesPerToken());
    }

    private ArrayNode rewrites() {
        ArrayNode rewrites = NODES.arrayNode();
        Applicability.of(source.decoder())
                .forEach(rewrite -> rewrites.addObject()
                        .put("rewrite", rewrite.rewrite())
                        .put("verdict", rewrite.verdict().toString())
                        .put("reason", rewrite.reason()));
        return rewrites;
    }

    private ObjectNode measurement(Setting setting) {
        ObjectNode node = NODES.objectNode()
                .put("text", setting.text())
                .put("tokens", setting.tokens())
                .put("window", setting.window())
                .put("beginToken", setting.begin().orElse(null))
                .put("form", inspection.form().toString())
                .put("groupLimit", setting.groupLimit())
                .put("provider", setting.provider())
                .put("seconds", Math.round(inspection.seconds() * 10) / 10.0)
                .put("cached", inspection.cached())
                .put("plansMeasured", inspection.plansMeasured());
        return node.setAll(score(inspection.base()));
    }

    private static ObjectNode score(PlanScore base) {
        return NODES.objectNode()
                .put("baseLoss", base.loss())
                .put("basePerplexity", Math.exp(base.loss()))
                .put("baseAccuracy", base.accuracy());
    }

    private static ArrayNode layers(LayerFindings findings) {
        ArrayNode layers = NODES.arrayNode();
        for (int layer = 0; layer < findings.influence().length; layer++) {
            layers.addObject()
                    .put("index", layer)
                    .put("blockInfluence", findings.influence()[layer])
                    .put("angularDistance", findings.distance()[layer]);
        }
        return layers;
    }

    private static ArrayNode matrix(double[][] values) {
        ArrayNode rows = NODES.arrayNode();
        for (double[] row : values) {
            ArrayNode cells = rows.addArray();
            for (double value : row) {
                if (Double.isNaN(value)) {
                    cells.addNull();
                } else {
                    cells.add(value);
                }
            }
        }
        return rows;
    }

    private static ArrayNode dependency(double[][] values) {
        ArrayNode rows = NODES.arrayNode();
        for (int b = 0; b < values.length; b++) {
            ArrayNode cells = rows.addArray();
            for (int a = 0; a < values.length; a++) {
                if (a < b) {
                    cells.add(values[b][a]);
                } else {
                    cells.addNull();
                }
            }
        }
        return rows;
    }

    private ArrayNode pairs() {
        ArrayNode pairs = NODES.arrayNode();
        inspection.frontier().costs().scores().forEach((group, score) -> {
            if (group.size() == 2) {
                pairs.add(cost(score).put("first", group.first()).put("second", group.last()));
            }
        });
        return pairs;
    }

    private ArrayNode groups() {
        ArrayNode groups = NODES.arrayNode();
        inspection.frontier().costs().scores().forEach((group, score) -> {
            if (group.size() > 2) {
                groups.add(cost(score).<ObjectNode>set("layers", layers(group)));
            }
        });
        return groups;
    }

    private static ArrayNode layers(LayerRange group) {
        ArrayNode layers = NODES.arrayNode();
        group.layers().forEach(layers::add);
        return layers;
    }

    private ObjectNode cost(PlanScore score) {
        ObjectNode node = NODES.objectNode()
                .put(
                        "deltaLoss",
                        score.loss() - inspection.frontier().costs().base().loss())
                .put("kl", score.kl());
        return putError(node, score);
    }

    private static ObjectNode putError(ObjectNode node, PlanScore score) {
        return Double.isNaN(score.riseError())
                ? node.putNull("standardError")
                : node.put("standardError", score.riseError());
    }

    private ObjectNode plan(MeasuredPlan plan, String option) {
        PlanScore score = plan.score();
        PlanForms.EmittedForm form = forms.of(plan.plan());
        ObjectNode node = NODES.objectNode();
        ArrayNode pairs = node.putArray("pairs");
        plan.plan().groups().forEach(group -> pairs.add(layers(group)));
        node.put("effectiveDepth", plan.plan().depth());
        if (Double.isFinite(plan.predictedLoss())) {
            node.put("predictedLoss", plan.predictedLoss());
        } else {
            node.putNull("predictedLoss");
        }
        node.put("measuredLoss", score.loss());
        putError(node, score)
                .put("perplexity", Math.exp(score.loss()))
                .put("perplexityIncrease", score.increase(inspection.base()))
                .put("kl", score.kl())
                .put("accuracyKept", kept(score, inspection.base()));
        inspection.heldOut().ifPresent(text -> putHeldOut(node, text, plan.plan()));
        return node.put("allReduces", form.allReduces())
                .put("kvBytesPerToken", form.kvBytesPerToken())
                .put("nodes", form.nodes())
                .put("command", forms.command(plan.plan(), option));
    }

    /** Chosen plans were measured on the held-out text, and of windows those that were chosen. */
    private static void putHeldOut(ObjectNode node, Inspection.HeldOut text, Plan grouping) {
        text.plans()
                .known(grouping.toString())
                .ifPresent(score -> node.put("heldOutLoss", score.loss())
                        .put("heldOutIncrease", score.increase(text.base()))
                        .put("heldOutAccuracyKept", kept(score, text.base())));
    }

    private static double kept(PlanScore score, PlanScore base) {
        return base.accuracy() == 0 ? 1 : score.accuracy() / base.accuracy();
    }

    private ObjectNode compensation(Setting setting) {
        ObjectNode node = NODES.objectNode()
                .put("text", setting.text())
                .put("tokens", setting.calibrationTokens())
                .put("heldOutText", setting.heldOut());
        ArrayNode plans = node.putArray("plans");
        inspection.heldOut().ifPresent(text -> {
            node.put("heldOutTokens", text.tokens());
            inspection.compensation().forEach(row -> {
                ObjectNode plan = plans.addObject()
                        .put("kind", row.kind().name().toLowerCase(Locale.ROOT))
                        .put("effectiveDepth", row.effectiveDepth())
                        .put("plan", row.plan())
                        .put("heldOutLoss", row.plain().loss())
                        .put("heldOutIncrease", row.plain().increase(text.base()));
                putIncrease(plan, "rescaled", row.rescaled(), text.base());
                putIncrease(plan, "compensated", row.compensated(), text.base());
            });
        });
        return node;
    }

    private static void putIncrease(ObjectNode node, String name, Optional<PlanScore> score, PlanScore base) {
        score.ifPresentOrElse(
                found -> node.put(name + "Loss", found.loss()).put(name + "Increase", found.increase(base)),
                () -> node.putNull(name + "Loss").putNull(name + "Increase"));
    }

    /** How well the costs of groups by themselves foretell those of whole plans, over the plans in this document. */
    private ObjectNode prediction() {
        Correlation correlation =
                Correlation.of(Stream.concat(inspection.chosen().stream(), inspection.windows().stream())
                        .distinct()
                        .filter(plan -> Double.isFinite(plan.predictedLoss()))
                        .map(plan -> new Correlation.Point(
                                plan.predictedLoss(), plan.score().loss()))
                        .toList());
        return NODES.objectNode()
                .put("plans", correlation.count())
                .put("pearson", correlation.pearson())
                .put("spearman", correlation.spearman());
    }
}
