package dev.twofold.families;

import static dev.twofold.families.Formulas.layerNorm;
import static dev.twofold.families.Formulas.map;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** GPT-J (Wang and Komatsuzaki, 2021): both branches read one LayerNorm; neighbours turn in the first part of a head. */
class GptJ extends Family {

    final int width;

    GptJ(JsonNode config, Tensors tensors) {
        super(config, tensors);
        width = count("n_embd");
    }

    @Override
    boolean parallelResidual() {
        return true;
    }

    @Override
    double[][] embed(int[] tokens) {
        return lookUp(tokens, "transformer.wte.weight");
    }

    @Override
    double[][] attention(int layer, double[][] x) {
        double[][][] all = queryKeyValue(layer, norm(x, at(layer, "ln_1")));
        int size = width / count("n_head");
        Frequencies frequencies = Frequencies.plain(10000, count("rotary_dim"));
        double[][] q = frequencies.rotateNeighbours(all[0], size);
        double[][] k = frequencies.rotateNeighbours(all[1], size);
        return linear(Core.of(size).attend(q, k, all[2]), at(layer, "attn.out_proj"));
    }

    double[][][] queryKeyValue(int layer, double[][] n) {
        return new double[][][] {
            linear(n, at(layer, "attn.q_proj")),
            linear(n, at(layer, "attn.k_proj")),
            linear(n, at(layer, "attn.v_proj"))
        };
    }

    @Override
    double[][] feedForward(int layer, double[][] x) {
        double[][] wide = linear(norm(x, at(layer, "ln_1")), at(layer, "mlp.fc_in"));
        return linear(map(wide, Formulas::geluTanh), at(layer, "mlp.fc_out"));
    }

    @Override
    double[][] head(double[][] x) {
        return linear(norm(x, "transformer.ln_f"), "lm_head");
    }

    private double[][] norm(double[][] x, String name) {
        double[] gain = tensors.vector(name + ".weight");
        double[] bias = tensors.vector(name + ".bias");
        return eachToken(x, token -> layerNorm(token, gain, bias, number("layer_norm_epsilon")));
    }

    static String at(int layer, String part) {
        return "transformer.h." + layer + "." + part;
    }

    /** CodeGen, arXiv 2203.13474: a matrix of four parts, each with a fourth of the queries, of the values and of the keys. */
    static final class CodeGen extends GptJ {

        private static final int PARTS = 4;

        CodeGen(JsonNode config, Tensors tensors) {
            super(config, tensors);
        }

        @Override
        double[][][] queryKeyValue(int layer, double[][] n) {
            double[][] all = linear(n, at(layer, "attn.qkv_proj"));
            return new double[][][] {share(all, 0), share(all, 2), share(all, 1)};
        }

        private double[][] share(double[][] all, int which) {
            int each = width / PARTS;
            return eachToken(all, token -> {
                double[] own = new double[width];
                for (int part = 0; part < PARTS; part++) {
                    int from = (3 * part + which) * each;
                    System.arraycopy(Arrays.copyOfRange(token, from, from + each), 0, own, part * each, each);
                }
                return own;
            });
        }
    }
}
