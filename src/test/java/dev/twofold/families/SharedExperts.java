package dev.twofold.families;

import static dev.twofold.families.Experts.mlpExperts;
import static dev.twofold.families.Experts.numberedExperts;
import static dev.twofold.families.Experts.projections;
import static dev.twofold.families.Formulas.add;
import static dev.twofold.families.Formulas.softmax;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.families.Experts.Gated;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Mixtures of experts, mostly with one more that every token gets: {@code F(x) = c sum of p_e F_e(x) + g F_s(x)}. Which are chosen
 * is said by {@code p + b}, how much they count by {@code p} alone.
 */
final class SharedExperts {

    private SharedExperts() {}

    /** Sigmoids of its elements. */
    private static double[] sigmoids(double[] scores) {
        return Arrays.stream(scores).map(score -> 1 / (1 + Math.exp(-score))).toArray();
    }

    /**
     * The chosen ones of a layer.
     *
     * @param expert by its number
     * @param p scores of each token
     * @param correction b
     */
    private static double[][] chosen(
            Llama model,
            IntFunction<Gated> expert,
            double[][] n,
            double[][] p,
            double[] correction,
            Weighing weighing) {
        double[][] y = new double[n.length][n[0].length];
        for (int t = 0; t < n.length; t++) {
            double[] own = p[t];
            int[] ranked = IntStream.of(weighing.among().open(model, own, correction))
                    .boxed()
                    .sorted(Comparator.comparingDouble(e -> -own[e] - correction[e]))
                    .mapToInt(e -> e)
                    .toArray();
            int[] best = Arrays.copyOf(ranked, weighing.count());
            int last = best[best.length - 1];
            int next = ranked[best.length];
            double gap = weighing.among().gap(own[last] + correction[last], own[next] + correction[next]);
            model.narrowestChoice = Math.min(model.narrowestChoice, gap);
            double total = weighing.normed()
                    ? Arrays.stream(best).mapToDouble(e -> own[e]).sum()
                    : 1;
            for (int e : best) {
                double[] out = expert.apply(e).of(model, new double[][] {n[t]})[0];
                for (int i = 0; i < out.length; i++) {
                    y[t][i] += weighing.scale() * own[e] / total * out[i];
                }
            }
        }
        return y;
    }

    /**
     * How many are chosen, and how much they count.
     *
     * @param among groups that they are chosen from
     */
    private record Weighing(int count, boolean normed, double scale, Groups among) {

        Weighing(int count, boolean normed, double scale) {
            this(count, normed, scale, Groups.NONE);
        }
    }

    /**
     * Groups of neighbours, of which a token gets experts of some.
     *
     * @param best how many of its largest corrected scores a group's own is the sum of
     * @param gap of a score and a smaller one
     */
    private record Groups(int count, int chosen, int best, DoubleBinaryOperator gap) {

        /** A score changes at most a quarter as much as what the router says. */
        static final DoubleBinaryOperator DIFFERENCE = (larger, smaller) -> 4 * (larger - smaller);

        /** Shares of one sum: what the router says, but for a number that all have in common. */
        static final DoubleBinaryOperator RATIO = (larger, smaller) -> Math.log(larger / smaller);

        static final Groups NONE = new Groups(1, 1, 1, DIFFERENCE);

        /** How far apart two scores are in what the router says. */
        double gap(double larger, double smaller) {
            return gap.applyAsDouble(larger, smaller);
        }

        /** The experts of the chosen groups. */
        int[] open(Llama model, double[] p, double[] correction) {
            int each = p.length / count;
            double[] own = IntStream.range(0, count)
                    .mapToDouble(group -> IntStream.range(group * each, (group + 1) * each)
                            .mapToDouble(e -> -p[e] - correction[e])
                            .sorted()
                            .limit(best)
                            .sum())
                    .toArray();
            int[] ranked = IntStream.range(0, count)
                    .boxed()
                    .sorted(Comparator.comparingDouble(group -> own[group]))
                    .mapToInt(group -> group)
                    .toArray();
            if (chosen < count) {
                double apart = gap(-own[ranked[chosen - 1]] / best, -own[ranked[chosen]] / best);
                model.narrowestChoice = Math.min(model.narrowestChoice, apart);
            }
            return Arrays.stream(ranked)
                    .limit(chosen)
                    .flatMap(group -> IntStream.range(group * each, (group + 1) * each))
                    .toArray();
        }
    }

    /** DeepSeek V2, arXiv 2405.04434: probabilities choose, of groups the best by the largest. */
    static double[][] byProbability(Llama model, int layer, double[][] n) {
        double[][] p = Family.eachToken(model.linear(n, Llama.at(layer, "mlp.gate")), token -> softmax(token));
        boolean grouped = model.config.get("topk_method").asText().equals("group_limited_greedy");
        Groups groups = grouped
                ? new Groups(model.count("n_group"), model.count("topk_group"), 1, Groups.RATIO)
                : new Groups(1, 1, 1, Groups.RATIO);
        Weighing weighing =
                new Weighing(model.count("num_experts_per_tok"), false, model.number("routed_scaling_factor"), groups);
        double[][] y = chosen(model, mlpExperts(layer), n, p, new double[p[0].length], weighing);
        return add(y, projections(Llama.at(layer, "mlp.shared_experts.")).of(model, n));
    }

    /** DeepSeek V3, arXiv 2412.19437, and those after it: corrected sigmoids choose, of groups the best by the two largest. */
    static double[][] bySigmoid(Llama model, int layer, double[][] n) {
        double[][] p = Family.eachToken(model.linear(n, Llama.at(layer, "mlp.gate")), SharedExperts::sigmoids);
        double[] correction = model.tensors.vector(Llama.at(layer, "mlp.gate.e_score_correction_bias"));
        Weighing weighing = new Weighing(
                model.count("num_experts_per_tok"),
                model.flag("norm_topk_prob"),
                model.number("routed_scaling_factor"),
                new Groups(model.count("n_group"), model.count("topk_group"), 2, Groups.DIFFERENCE));
        double[][] y = chosen(model, mlpExperts(layer), n, p, correction, weighing);
        return add(y, projections(Llama.at(layer, "mlp.shared_experts.")).of(model, n));
    }

    /** Qwen2 MoE, arXiv 2407.10671: a sigmoid says how much the shared expert counts. */
    static final class Qwen2Moe extends Qwen2 {

        Qwen2Moe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            for (JsonNode dense : config.path("mlp_only_layers")) {
                if (dense.asInt() == layer) {
                    return super.gated(layer, n);
                }
            }
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate")), Formulas::softmax);
            Weighing weighing = new Weighing(count("num_experts_per_tok"), flag("norm_topk_prob"), 1);
            double[][] y = chosen(this, mlpExperts(layer), n, p, new double[p[0].length], weighing);
            double[][] shared = projections(at(layer, "mlp.shared_expert.")).of(this, n);
            double[][] share = eachToken(linear(n, at(layer, "mlp.shared_expert_gate")), SharedExperts::sigmoids);
            for (int t = 0; t < n.length; t++) {
                for (int i = 0; i < shared[t].length; i++) {
                    y[t][i] += share[t][0] * shared[t][i];
                }
            }
            return y;
        }
    }

    /** GLM 4.5, arXiv 2508.06471, and dots.llm1, arXiv 2506.05767: corrected sigmoids choose. */
    static final class Sigmoids extends Qwen2.Qwen3 {

        Sigmoids(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            return layer < count("first_k_dense_replace") ? super.gated(layer, n) : bySigmoid(this, layer, n);
        }
    }

    /** MiniMax M2: corrected sigmoids choose, and there is none that every token gets; a part of each head turns. */
    static final class MiniMaxM2 extends Experts.Olmoe {

        MiniMaxM2(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        Frequencies frequencies(int layer, int length) {
            return Frequencies.plain(number("rope_theta"), count("rotary_dim"));
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            double[][] p = eachToken(linear(n, at(layer, "block_sparse_moe.gate")), SharedExperts::sigmoids);
            double[] correction = tensors.vector(at(layer, "block_sparse_moe.e_score_correction_bias"));
            Weighing weighing = new Weighing(count("num_experts_per_tok"), true, 1);
            return chosen(this, numberedExperts(layer), n, p, correction, weighing);
        }
    }

    /** Hunyuan's mixture: probabilities choose, and count in shares. */
    static final class HunyuanMoe extends Hunyuan {

        HunyuanMoe(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate.wg")), token -> softmax(token));
            Weighing weighing = new Weighing(config.get("moe_topk").get(0).asInt(), true, 1);
            double[][] y = chosen(this, mlpExperts(layer), n, p, new double[p[0].length], weighing);
            return add(y, projections(at(layer, "mlp.shared_mlp.")).of(this, n));
        }
    }

    /** ERNIE 4.5 MoE: corrected probabilities choose. */
    static final class Ernie extends Neighbours {

        Ernie(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][] gated(int layer, double[][] n) {
            if (layer < count("moe_layer_start_index") || layer > count("moe_layer_end_index")) {
                return super.gated(layer, n);
            }
            double[][] p = eachToken(linear(n, at(layer, "mlp.gate")), token -> softmax(token));
            double[] correction = tensors.matrix(at(layer, "mlp.moe_statics.e_score_correction_bias"))[0];
            double[][] y = chosen(this, mlpExperts(layer), n, p, correction, new Weighing(count("moe_k"), true, 1));
            return add(y, projections(at(layer, "mlp.shared_experts.")).of(this, n));
        }
    }
}
