package dev.twofold.families;

import static dev.twofold.families.Formulas.add;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A decoder of any family in float64, plain and slow, written from the family's definition and apart from everything in
 * src/main, with its layers one after the other or side by side.
 *
 * <p>A group of layers in two-sync form: all its attentions A read the stream x before the group, each through its own
 * norms, then all its feed-forwards F read what the attentions left.
 *
 * <pre>
 * u = x + sum of A_l(x)          y = u + sum of F_l(u)
 * </pre>
 *
 * In one-sync form every layer runs whole on the stream before the group. Where attention and feed-forward of a layer
 * read the same stream anyway (parallel residual), both forms are one step of all branches of the group:
 *
 * <pre>
 * y = x + sum of A_l(x) + F_l(x)
 * </pre>
 *
 * A norm after a branch (post-norm, sandwich norms) is part of the branch: the sum is over normed outputs.
 */
public final class Reference {

    private final Family family;
    private final int layers;

    private Reference(Family family, int layers) {
        this.family = family;
        this.layers = layers;
    }

    /** The model of a checkpoint directory. */
    public static Reference of(Path checkpoint) {
        JsonNode config;
        try {
            config = new ObjectMapper()
                    .readTree(checkpoint.resolve("config.json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Tensors tensors = new Tensors(checkpoint.resolve("model.safetensors"));
        int layers = Stream.of("num_hidden_layers", "n_layer", "n_layers", "num_layers")
                .filter(config::has)
                .findFirst()
                .map(key -> config.get(key).asInt())
                .orElseThrow();
        return new Reference(family(config, tensors), layers);
    }

    private static Family family(JsonNode config, Tensors tensors) {
        String type = config.get("model_type").asText();
        return switch (type) {
            case "llama" -> new Llama(config, tensors);
            case "mistral" -> new Llama.Mistral(config, tensors);
            case "ministral3" -> new Llama.Ministral3(config, tensors);
            case "smollm3" -> new Llama.SmolLm3(config, tensors);
            case "granite" -> new Llama.Granite(config, tensors);
            case "minicpm" -> new Llama.MiniCpm(config, tensors);
            case "internlm2" -> new Llama.InternLm2(config, tensors);
            case "phi3" -> new Phi3(config, tensors);
            case "qwen2" -> new Qwen2(config, tensors);
            case "qwen3" -> new Qwen2.Qwen3(config, tensors);
            case "gemma" -> new Gemma(config, tensors);
            case "gemma2" -> new Gemma.Gemma2(config, tensors);
            case "gemma3_text" -> new Gemma.Gemma3(config, tensors);
            case "olmo" -> new Olmo(config, tensors);
            case "olmo2" -> new Olmo.Olmo2(config, tensors);
            case "olmo3" -> new Olmo.Olmo3(config, tensors);
            case "starcoder2" -> new Starcoder2(config, tensors);
            case "stablelm" -> new StableLm(config, tensors);
            case "cohere" -> new Cohere(config, tensors);
            case "cohere2" -> new Cohere.Cohere2(config, tensors);
            case "gpt_neox" -> new GptNeoX(config, tensors);
            case "gpt2" -> new Gpt2(config, tensors);
            case "qwen3_moe" -> new Experts.Qwen3Moe(config, tensors);
            case "olmoe" -> new Experts.Olmoe(config, tensors);
            case "phimoe" -> new PhiMoe(config, tensors);
            case "minimax_m2" -> new SharedExperts.MiniMaxM2(config, tensors);
            case "mixtral" -> new Experts.Mixtral(config, tensors);
            case "glm" -> new Neighbours.Glm(config, tensors);
            case "glm4" -> new Neighbours.Glm4(config, tensors);
            case "ernie4_5", "helium" -> new Neighbours(config, tensors);
            case "seed_oss" -> new Llama(config, tensors);
            case "cwm" -> new Windows(config, tensors);
            case "exaone4" -> new Windows.Exaone4(config, tensors);
            case "exaone" -> new Exaone(config, tensors);
            case "arcee" -> new SquaredRelu(config, tensors);
            case "nemotron" -> new SquaredRelu.Nemotron(config, tensors);
            case "granitemoe" -> new Experts.GraniteMoe(config, tensors);
            case "granitemoehybrid" -> new Experts.GraniteMoeHybrid(config, tensors);
            case "vaultgemma" -> new Gemma.VaultGemma(config, tensors);
            case "gpt_bigcode" -> new GptBigCode(config, tensors);
            case "qwen2_moe" -> new SharedExperts.Qwen2Moe(config, tensors);
            case "glm4_moe", "dots1" -> new SharedExperts.Sigmoids(config, tensors);
            case "ernie4_5_moe" -> new SharedExperts.Ernie(config, tensors);
            case "deepseek_v2" -> new DeepSeek.V2(config, tensors);
            case "deepseek_v3" -> new DeepSeek.V3(config, tensors);
            case "minicpm3" -> new DeepSeek.MiniCpm3(config, tensors);
            case "gptj" -> new GptJ(config, tensors);
            case "codegen" -> new GptJ.CodeGen(config, tensors);
            case "opt" -> new Opt(config, tensors);
            case "gpt_neo" -> new GptNeo(config, tensors);
            case "phi" -> new Phi(config, tensors);
            case "llama4_text" -> new Llama4(config, tensors);
            case "gpt_oss" -> new GptOss(config, tensors);
            case "apertus" -> new Xielu(config, tensors);
            case "hunyuan_v1_dense" -> new Hunyuan(config, tensors);
            case "hunyuan_v1_moe" -> new SharedExperts.HunyuanMoe(config, tensors);
            case "bloom" -> new Alibi.Bloom(config, tensors);
            case "mpt" -> new Alibi.Mpt(config, tensors);
            case "falcon" -> falcon(config, tensors);
            default -> throw new AssertionError("no reference for " + type);
        };
    }

    private static Family falcon(JsonNode config, Tensors tensors) {
        if (config.path("alibi").asBoolean()) {
            return new Alibi.FalconRw(config, tensors);
        }
        return config.path("new_decoder_architecture").asBoolean()
                ? new Falcon.Falcon40(config, tensors)
                : new Falcon(config, tensors);
    }

    public int layers() {
        return layers;
    }

    /**
     * How far, in router scores, the last expert chosen for a token was from the next: the smallest in all that was
     * computed so far. Infinite without experts.
     */
    public double narrowestChoice() {
        return family.narrowestChoice;
    }

    /** Every layer by itself, in order. */
    public List<List<Integer>> oneByOne() {
        return IntStream.range(0, layers).mapToObj(List::of).toList();
    }

    /** Logits {@code [tokens][vocabulary]}, the layers of each group side by side in two-sync form. */
    public double[][] logits(int[] tokens, List<List<Integer>> groups) {
        double[][] x = family.embed(tokens);
        for (List<Integer> group : groups) {
            x = family.parallelResidual() ? wholeLayers(x, group) : zippedLayers(x, group);
        }
        return family.head(x);
    }

    /** Logits {@code [tokens][vocabulary]}, the layers of each group side by side in one-sync form. */
    public double[][] oneSyncLogits(int[] tokens, List<List<Integer>> groups) {
        double[][] x = family.embed(tokens);
        for (List<Integer> group : groups) {
            x = wholeLayers(x, group);
        }
        return family.head(x);
    }

    /**
     * Logits {@code [tokens][vocabulary]}, halves of layers side by side.
     *
     * @param steps what reads the stream at once, such as {@code 0A} and {@code 0F}
     */
    double[][] stepLogits(int[] tokens, List<List<String>> steps) {
        double[][] x = family.embed(tokens);
        for (List<String> step : steps) {
            double[][] y = x;
            for (String half : step) {
                int layer = Integer.parseInt(half.substring(0, half.length() - 1));
                boolean attention = half.endsWith("A");
                y = add(y, attention ? family.attention(layer, x) : family.feedForward(layer, x));
            }
            x = y;
        }
        return family.head(x);
    }

    /** Whether both halves of a layer read the stream before it. */
    boolean parallelResidual() {
        return family.parallelResidual();
    }

    private double[][] zippedLayers(double[][] x, List<Integer> group) {
        double[][] u = x;
        for (int layer : group) {
            u = add(u, family.attention(layer, x));
        }
        double[][] y = u;
        for (int layer : group) {
            y = add(y, family.feedForward(layer, u));
        }
        return y;
    }

    private double[][] wholeLayers(double[][] x, List<Integer> group) {
        double[][] y = x;
        for (int layer : group) {
            double[][] attended = family.attention(layer, x);
            double[][] read = family.parallelResidual() ? x : add(x, attended);
            y = add(add(y, attended), family.feedForward(layer, read));
        }
        return y;
    }
}
