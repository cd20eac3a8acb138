package dev.twofold.families;

import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.times;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Llama 4, from its model card and configuration: layers that turn neighbours of queries and keys and then norm every head without a
 * gain, and see the chunk of a token alone; others without positions, whose queries are multiplied by {@code 1 + a ln(1 + floor((t + 1) /
 * f))}. Experts {@code F_e} add {@code sum of F_e(s_e x)} with the sigmoids {@code s} of the largest scores, beside one for every token.
 */
final class Llama4 extends Llama {

    Llama4(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][] n = norm(x, at(layer, "input_layernorm"));
        double[][] q = queries(layer, n);
        double[][] k = keys(layer, n);
        boolean turns = turns(layer);
        double[][] queries = turns ? unit(rotate(layer, q)) : tempered(q);
        double[][] keys = turns ? unit(rotate(layer, k)) : k;
        return linear(core(layer).attend(queries, keys, values(layer, n)), at(layer, "self_attn.o_proj"));
    }

    private boolean turns(int layer) {
        JsonNode listed = config.path("no_rope_layers");
        return listed.isEmpty() ? (layer + 1) % 4 != 0 : listed.get(layer).asInt() == 1;
    }

    @Override
    Core core(int layer) {
        boolean chunks = config.has("layer_types")
                ? config.get("layer_types").get(layer).asText().equals("chunked_attention")
                : turns(layer);
        return super.core(layer).chunked(chunks ? OptionalInt.of(count("attention_chunk_size")) : OptionalInt.empty());
    }

    @Override
    double[][] rotate(int layer, double[][] x) {
        return frequencies(layer, x.length).rotateNeighbours(x, headSize);
    }

    private double[][] unit(double[][] x) {
        if (!flag("use_qk_norm")) {
            return x;
        }
        double[] ones = new double[headSize];
        Arrays.fill(ones, 1);
        return eachHead(x, headSize, head -> part -> Formulas.rmsNorm(part, ones, epsilon()));
    }

    private double[][] tempered(double[][] q) {
        double[][] hot = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double steps = Math.floor((t + 1) / number("floor_scale"));
            double temperature = 1 + number("attn_scale") * Math.log(1 + steps);
            hot[t] = Arrays.stream(q[t]).map(value -> value * temperature).toArray();
        }
        return hot;
    }

    @Override
    double[][] gated(int layer, double[][] n) {
        if (!hasExperts(layer)) {
            return gated(at(layer, "feed_forward."), n);
        }
        double[][] y = gated(at(layer, "feed_forward.shared_expert."), n);
        double[][] scores = linear(n, at(layer, "feed_forward.router"));
        for (int t = 0; t < n.length; t++) {
            for (int e : chosen(scores[t])) {
                double share = 1 / (1 + Math.exp(-scores[t][e]));
                double[] read = Arrays.stream(n[t]).map(value -> value * share).toArray();
                y[t] = add(new double[][] {y[t]}, new double[][] {expert(layer, e, read)})[0];
            }
        }
        return y;
    }

    private boolean hasExperts(int layer) {
        JsonNode listed = config.path("moe_layers");
        return listed.isArray()
                ? IntStream.range(0, listed.size()).anyMatch(i -> listed.get(i).asInt() == layer)
                : (layer + 1) % count("interleave_moe_layer_step") == 0;
    }

    private int[] chosen(double[] scores) {
        int[] ranked = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(e -> -scores[e]))
                .mapToInt(e -> e)
                .toArray();
        int count = count("num_experts_per_tok");
        narrowestChoice = Math.min(narrowestChoice, scores[ranked[count - 1]] - scores[ranked[count]]);
        return Arrays.copyOf(ranked, count);
    }

    private double[][] gated(String prefix, double[][] n) {
        double[][] gate = activated(linear(n, prefix + "gate_proj"));
        return linear(times(gate, linear(n, prefix + "up_proj")), prefix + "down_proj");
    }

    /** Its matrices are stored {@code [experts, in, out]}, gates before what they are multiplied with. */
    private double[] expert(int layer, int number, double[] n) {
        double[] both = applied(at(layer, "feed_forward.experts.gate_up_proj"), number, n);
        int width = both.length / 2;
        double[][] gate = activated(new double[][] {Arrays.copyOf(both, width)});
        double[][] inner = times(gate, new double[][] {Arrays.copyOfRange(both, width, 2 * width)});
        return applied(at(layer, "feed_forward.experts.down_proj"), number, inner[0]);
    }

    private double[] applied(String name, int number, double[] x) {
        double[][] rows = tensors.rows(name, number * x.length, (number + 1) * x.length);
        double[] y = new double[rows[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < y.length; j++) {
                y[j] += x[i] * rows[i][j];
            }
        }
        return y;
    }
}
