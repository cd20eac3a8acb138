package dev.twofold.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** What {@code inspect} may find, with numbers that are made up. */
final class Documents {

    /** Characters that end an element, an attribute, a string or a comment, or look like a placeholder of the page. */
    static final String HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
            + "<!-- \" ' & \\ ${1+1} $1 {{script}} \u2028 \u202e *" + "/";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Documents() {}

    /** A model of 16 layers. */
    static ObjectNode sample() {
        return read("inspect.json");
    }

    /** The sample with its plans compensated: losses won back, beyond all, not measured, and a depth of two kinds. */
    static ObjectNode compensated() {
        return sample().set("compensation", read("compensation.json"));
    }

    /** The sample with merges of its steps, plans of them, and predictions for two machines. */
    static ObjectNode merged() {
        ObjectNode document = sample();
        ArrayNode merges = document.putArray("merges");
        for (int size = 2; size <= 3; size++) {
            for (int place = 0; place + size <= 32; place++) {
                ObjectNode merge = merges.addObject().put("run", step(place) + "-" + step(place + size - 1));
                ArrayNode steps = merge.putArray("steps");
                for (int i = 0; i < size; i++) {
                    steps.add(step(place + i));
                }
                merge.put("kl", 0.004 * size * (1 + (place * 7) % 5));
            }
        }
        ArrayNode plans = document.putArray("stepPlans");
        for (int saved = 4; saved <= 12; saved += 4) {
            ObjectNode plan = plans.addObject().put("stepsSaved", saved);
            ArrayNode runs = plan.putArray("merges");
            for (int run = 0; run < saved; run++) {
                runs.add(step(2 * run) + "-" + step(2 * run + 1));
            }
            plan.put("predictedKl", 0.01 * saved)
                    .put("kl", 0.012 * saved)
                    .put("measuredLoss", document.at("/measurement/baseLoss").asDouble() + 0.01 * saved)
                    .put("perplexityIncrease", 0.01 * saved)
                    .put("accuracyKept", 1 - 0.005 * saved)
                    .put("allReduces", 32 - saved)
                    .put("nodes", 200)
                    .put("command", "twofold convert x -o y --merge z");
        }
        ArrayNode machines = document.putArray("speed");
        for (int devices = 1; devices <= 2; devices++) {
            ObjectNode machine =
                    machines.addObject().put("hardware", "h100-sxm").put("devices", devices);
            ArrayNode layers = machine.putArray("plans");
            document.get("plans")
                    .forEach(
                            plan -> layers.add(16.0 / plan.get("effectiveDepth").asInt()));
            machine.putArray("stepPlans")
                    .add(1.02 * devices)
                    .add(1.05 * devices)
                    .add(1.1 * devices);
        }
        return document;
    }

    private static String step(int place) {
        return place / 2 + (place % 2 == 0 ? "A" : "F");
    }

    private static ObjectNode read(String resource) {
        try (InputStream in = Documents.class.getResourceAsStream(resource)) {
            return (ObjectNode) MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A model whose strings are all hostile. */
    static ObjectNode hostile() {
        ObjectNode document = compensated();
        ((ObjectNode) document.get("model")).put("name", HOSTILE).put("path", HOSTILE);
        ((ObjectNode) document.get("measurement"))
                .put("text", HOSTILE)
                .put("form", HOSTILE)
                .put("provider", HOSTILE);
        ((ObjectNode) document.get("heldOut")).put("text", HOSTILE);
        document.get("plans").forEach(plan -> ((ObjectNode) plan).put("command", HOSTILE));
        document.get("windows").forEach(plan -> ((ObjectNode) plan).put("window", HOSTILE));
        ObjectNode compensation = (ObjectNode) document.get("compensation");
        compensation.put("text", HOSTILE).put("heldOutText", HOSTILE);
        compensation.get("plans").forEach(plan -> ((ObjectNode) plan).put("plan", HOSTILE));
        return document;
    }

    /** Nothing could be chosen, and there was no second text. */
    static ObjectNode bare() {
        ObjectNode document = sample();
        document.remove("heldOut");
        document.putArray("plans");
        document.putArray("windows");
        document.putArray("recommended");
        document.putArray("groups");
        document.putNull("prediction");
        return document;
    }

    /** Some plans run a loss beyond what JSON can say, and are measured on one text only. */
    static ObjectNode partial() {
        ObjectNode document = sample();
        document.putNull("heldOut");
        for (String key : new String[] {"plans", "windows"}) {
            document.get(key).forEach(plan -> ((ObjectNode) plan).remove("heldOutLoss"));
            document.get(key).forEach(plan -> ((ObjectNode) plan).putNull("heldOutIncrease"));
        }
        ((ObjectNode) document.get("windows").get(7))
                .put("measuredLoss", Double.POSITIVE_INFINITY)
                .put("perplexity", Double.POSITIVE_INFINITY)
                .put("perplexityIncrease", Double.POSITIVE_INFINITY);
        ((ObjectNode) document.get("windows").get(6)).put("measuredLoss", 400.0).put("perplexityIncrease", 1e170);
        return document;
    }

    /** The sample stretched to more layers: what was measured of a layer is repeated for those that it becomes. */
    static ObjectNode deep(int layers) {
        ObjectNode document = sample();
        int known = document.get("layers").size();
        ((ObjectNode) document.get("model")).put("layers", layers);
        for (String key : new String[] {"similarity", "angular", "cka", "dependency"}) {
            ArrayNode from = (ArrayNode) document.get(key);
            ArrayNode to = document.putArray(key);
            for (int b = 0; b < layers; b++) {
                ArrayNode row = to.addArray();
                for (int a = 0; a < layers; a++) {
                    row.add(from.get(b * known / layers).get(a * known / layers));
                }
            }
        }
        ArrayNode single = (ArrayNode) document.get("layers");
        ArrayNode costs = (ArrayNode) document.get("pairs");
        ArrayNode stretched = document.putArray("layers");
        ArrayNode pairs = document.putArray("pairs");
        for (int layer = 0; layer < layers; layer++) {
            stretched.add(
                    ((ObjectNode) single.get(layer * known / layers)).deepCopy().put("index", layer));
            if (layer + 1 < layers) {
                ObjectNode pair = ((ObjectNode) costs.get(layer * (known - 1) / layers)).deepCopy();
                pairs.add(pair.put("first", layer).put("second", layer + 1));
            }
        }
        for (String key : new String[] {"plans", "windows"}) {
            document.get(key).forEach(plan -> {
                int depth = plan.get("effectiveDepth").asInt();
                ((ObjectNode) plan).put("effectiveDepth", depth + layers - known);
            });
        }
        return document;
    }
}
