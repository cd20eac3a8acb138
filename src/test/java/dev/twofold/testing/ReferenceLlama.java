package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.StepName;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A Llama decoder in float64, plain and slow, written from the definition and apart from everything in src/main.
 * Activations are {@code [tokens][width]}.
 */
public final class ReferenceLlama {

    private final JsonNode config;
    private final StoredTensors tensors;
    private final int heads;
    private final int kvHeads;
    private final int headSize;

    public ReferenceLlama(JsonNode config, StoredTensors tensors) {
        this.config = config;
        this.tensors = tensors;
        this.heads = config.get("num_attention_heads").asInt();
        this.kvHeads = config.get("num_key_value_heads").asInt();
        this.headSize = config.has("head_dim")
                ? config.get("head_dim").asInt()
                : config.get("hidden_size").asInt() / heads;
    }

    /** Logits {@code [tokens * vocabulary]}, with the layers of each group side by side. */
    public float[] logits(long[] tokens, List<List<Integer>> groups, boolean oneSync) {
        double[][] x = embed(tokens);
        for (List<Integer> group : groups) {
            x = run(x, group, oneSync);
        }
        double[][] logits = head(x);
        float[] flat = new float[tokens.length * logits[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) logits[i / logits[0].length][i % logits[0].length];
        }
        return flat;
    }

    /** The stream before the first layer. */
    public double[][] embed(long[] tokens) {
        double[][] x = new double[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            x[t] = tensors.row("model.embed_tokens.weight", (int) tokens[t]);
        }
        return x;
    }

    /** u = x + what every step up to the first of the last layer adds to it; y = u + F(u) of the last layer. */
    public double[][] staggered(double[][] x, List<Integer> group) {
        int last = group.get(group.size() - 1);
        double[][] u = add(x, attention(x, last));
        for (int layer : group.subList(0, group.size() - 1)) {
            u = add(add(u, attention(x, layer)), feedForward(x, layer));
        }
        return add(u, feedForward(u, last));
    }

    /** The stream after a step whose parts all read {@code x}. */
    public double[][] step(double[][] x, List<StepName> parts) {
        double[][] y = x;
        for (StepName part : parts) {
            y = add(
                    y,
                    part.part() == StepName.Part.ATTENTION ? attention(x, part.layer()) : feedForward(x, part.layer()));
        }
        return y;
    }

    /** The stream after the layers of a group, side by side. */
    public double[][] run(double[][] x, List<Integer> group, boolean oneSync) {
        return oneSync ? wholeLayers(x, group) : zippedLayers(x, group);
    }

    /** The logits of the stream after the last layer, {@code [tokens][vocabulary]}. */
    public double[][] head(double[][] x) {
        String head = config.path("tie_word_embeddings").asBoolean() ? "model.embed_tokens" : "lm_head";
        return project(norm(x, "model.norm.weight"), head);
    }

    /** u = x + sum of A_i(n_i(x)); y = u + sum of F_i(n_i(u)). */
    private double[][] zippedLayers(double[][] x, List<Integer> group) {
        double[][] u = x;
        for (int layer : group) {
            u = add(u, attention(x, layer));
        }
        double[][] y = u;
        for (int layer : group) {
            y = add(y, feedForward(u, layer));
        }
        return y;
    }

    /** y = x + sum of what each layer, run whole on x, adds to it. */
    private double[][] wholeLayers(double[][] x, List<Integer> group) {
        double[][] y = x;
        for (int layer : group) {
            double[][] a = attention(x, layer);
            y = add(add(y, a), feedForward(add(x, a), layer));
        }
        return y;
    }

    private double[][] attention(double[][] x, int layer) {
        String prefix = "model.layers." + layer + ".";
        double[][] n = norm(x, prefix + "input_layernorm.weight");
        double[][] q = rotate(project(n, prefix + "self_attn.q_proj"), heads);
        double[][] k = rotate(project(n, prefix + "self_attn.k_proj"), kvHeads);
        double[][] v = project(n, prefix + "self_attn.v_proj");
        double[][] mixed = new double[x.length][heads * headSize];
        for (int head = 0; head < heads; head++) {
            int own = head * headSize;
            int shared = head / (heads / kvHeads) * headSize;
            for (int t = 0; t < x.length; t++) {
                double[] scores = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double product = 0;
                    for (int i = 0; i < headSize; i++) {
                        product += q[t][own + i] * k[s][shared + i];
                    }
                    scores[s] = Math.exp(product / Math.sqrt(headSize));
                    sum += scores[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < headSize; i++) {
                        mixed[t][own + i] += scores[s] / sum * v[s][shared + i];
                    }
                }
            }
        }
        return project(mixed, prefix + "self_attn.o_proj");
    }

    private double[][] feedForward(double[][] x, int layer) {
        String prefix = "model.layers." + layer + ".";
        double[][] n = norm(x, prefix + "post_attention_layernorm.weight");
        double[][] gate = project(n, prefix + "mlp.gate_proj");
        double[][] up = project(n, prefix + "mlp.up_proj");
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < up[t].length; i++) {
                up[t][i] *= gate[t][i] / (1 + Math.exp(-gate[t][i]));
            }
        }
        return project(up, prefix + "mlp.down_proj");
    }

    private double[][] norm(double[][] x, String gainName) {
        double[] gain = tensors.row(gainName, 0);
        double[][] y = new double[x.length][gain.length];
        for (int t = 0; t < x.length; t++) {
            double squares = 0;
            for (double value : x[t]) {
                squares += value * value;
            }
            double root =
                    Math.sqrt(squares / gain.length + config.get("rms_norm_eps").asDouble());
            for (int i = 0; i < gain.length; i++) {
                y[t][i] = x[t][i] / root * gain[i];
            }
        }
        return y;
    }

    private double[][] project(double[][] x, String name) {
        int outputs = (int) tensors.shape(name + ".weight")[0];
        double[] bias = tensors.has(name + ".bias") ? tensors.row(name + ".bias", 0) : new double[outputs];
        double[][] y = new double[x.length][outputs];
        for (int out = 0; out < outputs; out++) {
            double[] weights = tensors.row(name + ".weight", out);
            for (int t = 0; t < x.length; t++) {
                double sum = bias[out];
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * x[t][i];
                }
                y[t][out] = sum;
            }
        }
        return y;
    }

    /** Pairs element i of a head with element i + half of it, as Hugging Face does. */
    private double[][] rotate(double[][] x, int count) {
        int half = headSize / 2;
        double[] frequencies =
                IntStream.range(0, half).mapToDouble(this::frequency).toArray();
        double[][] y = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int head = 0; head < count; head++) {
                for (int i = 0; i < half; i++) {
                    int low = head * headSize + i;
                    double cos = Math.cos(t * frequencies[i]);
                    double sin = Math.sin(t * frequencies[i]);
                    y[t][low] = x[t][low] * cos - x[t][low + half] * sin;
                    y[t][low + half] = x[t][low + half] * cos + x[t][low] * sin;
                }
            }
        }
        return y;
    }

    private double frequency(int i) {
        double frequency = 1 / Math.pow(config.get("rope_theta").asDouble(), 2.0 * i / headSize);
        JsonNode scaling = config.path("rope_scaling");
        double factor = scaling.path("factor").asDouble();
        return switch (scaling.path("rope_type").asText()) {
            case "linear" -> frequency / factor;
            case "llama3" -> {
                double original =
                        scaling.get("original_max_position_embeddings").asDouble();
                double low = scaling.get("low_freq_factor").asDouble();
                double high = scaling.get("high_freq_factor").asDouble();
                double wavelength = 2 * Math.PI / frequency;
                if (wavelength < original / high) {
                    yield frequency;
                } else if (wavelength > original / low) {
                    yield frequency / factor;
                }
                double smooth = (original / wavelength - low) / (high - low);
                yield (1 - smooth) * frequency / factor + smooth * frequency;
            }
            default -> frequency;
        };
    }

    private static double[][] add(double[][] a, double[][] b) {
        double[][] sum = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int i = 0; i < sum[t].length; i++) {
                sum[t][i] = a[t][i] + b[t][i];
            }
        }
        return sum;
    }
}
