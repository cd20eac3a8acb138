package dev.twofold.inspection;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.MeasuredPlan;
import dev.twofold.measure.PlanScore;
import java.util.List;
import java.util.stream.Stream;

/** What an inspection found of merged steps, and how fast plans are predicted to be, as parts of its JSON document. */
record StepDocument(Decoder decoder, Inspection inspection, PlanForms forms) {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Of every run by itself. */
    ArrayNode merges(StepStudy steps) {
        ArrayNode merges = NODES.arrayNode();
        steps.costs().nats().forEach((place, nats) -> {
            StepRange run = (StepRange) place;
            ObjectNode node = merges.addObject().put("run", run.toString());
            ArrayNode names = node.putArray("steps");
            run.steps().forEach(step -> names.add(step.toString()));
            node.put("kl", nats);
        });
        return merges;
    }

    ArrayNode plans(StepStudy steps) {
        ArrayNode plans = NODES.arrayNode();
        steps.plans().forEach(plan -> plans.add(plan(plan)));
        return plans;
    }

    private ObjectNode plan(MeasuredPlan measured) {
        Plan plan = measured.plan();
        PlanScore score = measured.score();
        PlanScore base = inspection.base();
        PlanForms.EmittedForm form = forms.of(plan);
        ObjectNode node = NODES.objectNode().put("stepsSaved", plan.stepsSaved(2));
        ArrayNode merges = node.putArray("merges");
        plan.merges().forEach(run -> merges.add(run.toString()));
        return node.put("predictedKl", measured.predictedLoss() - base.loss())
                .put("kl", score.kl())
                .put("measuredLoss", score.loss())
                .put("standardError", Double.isNaN(score.riseError()) ? null : (Double) score.riseError())
                .put("perplexityIncrease", score.increase(base))
                .put("accuracyKept", base.accuracy() == 0 ? 1 : score.accuracy() / base.accuracy())
                .put("allReduces", form.allReduces())
                .put("nodes", form.nodes())
                .put("command", forms.command(plan, "--merge " + plan));
    }

    /** One row a machine; speed-ups of the plans of layers, and of those of merged steps, in the order of the document. */
    ArrayNode speed() {
        ArrayNode rows = NODES.arrayNode();
        List<Plan> plans = Stream.concat(
                        inspection.chosen().stream(),
                        inspection.steps().stream().flatMap(study -> study.plans().stream()))
                .map(MeasuredPlan::plan)
                .toList();
        int layerPlans = inspection.chosen().size();
        for (PlanTimes times : PlanTimes.of(decoder, inspection.form(), plans)) {
            ObjectNode row = rows.addObject()
                    .put("hardware", times.hardware())
                    .put("devices", times.devices())
                    .put("secondsPerToken", times.unplanned());
            times.speedups().subList(0, layerPlans).forEach(row.putArray("plans")::add);
            times.speedups().subList(layerPlans, times.speedups().size()).forEach(row.putArray("stepPlans")::add);
        }
        return rows;
    }
}
