package dev.twofold.families;

import static dev.twofold.families.Formulas.add;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.families.Experts.Gated;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Phi 3.5 MoE, arXiv 2404.14219: Llama with LayerNorm, biases, and LongRoPE whose cosines are multiplied by a number of its own; and two
 * experts by SparseMixer, arXiv 2409.12136. Each counts its share among those that are not chosen before it, and whose results are not
 * below its own by more than a part of the larger size.
 */
final class PhiMoe extends Llama {

    private static final int CHOSEN = 2;

    PhiMoe(JsonNode config, Tensors tensors) {
        super(config, tensors);
    }

    @Override
    double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> Formulas.layerNorm(token, gain, bias, epsilon()));
    }

    @Override
    Frequencies frequencies(int layer, int length) {
        JsonNode scaling = config.get("rope_scaling");
        return super.frequencies(layer, length)
                .stretched(scaling.get("short_mscale").asDouble());
    }

    @Override
    double[][] gated(int layer, double[][] n) {
        double[][] results = linear(n, at(layer, "block_sparse_moe.gate"));
        IntFunction<Gated> experts = Experts.numberedExperts(layer);
        double[][] y = new double[n.length][n[0].length];
        for (int t = 0; t < n.length; t++) {
            double[] r = results[t];
            Integer[] ranked = IntStream.range(0, r.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(e -> -r[e]))
                    .toArray(Integer[]::new);
            narrowestChoice = Math.min(narrowestChoice, r[ranked[CHOSEN - 1]] - r[ranked[CHOSEN]]);
            for (int place = 0; place < CHOSEN; place++) {
                double[] out = experts.apply(ranked[place]).of(this, new double[][] {n[t]})[0];
                double share = share(
                        r,
                        Arrays.asList(ranked).subList(place, r.length).stream()
                                .mapToInt(e -> e)
                                .toArray());
                double[] part = Arrays.stream(out).map(value -> share * value).toArray();
                y[t] = add(new double[][] {y[t]}, new double[][] {part})[0];
            }
        }
        return y;
    }

    /** @param left the expert, and those below it */
    private double share(double[] r, int[] left) {
        double own = r[left[0]];
        double sum = 0;
        for (int e : left) {
            double limit = 2 * number("router_jitter_noise") * Math.max(Math.abs(r[e]), own);
            if (e != left[0]) {
                narrowestChoice = Math.min(narrowestChoice, Math.abs(own - r[e] - limit));
            }
            sum += own - r[e] <= limit ? Math.exp(r[e] - own) : 0;
        }
        return 1 / sum;
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "model.norm"), "lm_head");
    }
}
