package dev.twofold.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A Llama checkpoint of random weights, small enough for any test: 4 layers, hidden size 64, 4 heads and 2 KV heads of
 * 16, feed-forward width 96, 128 tokens. Sound as it is; every part of it can be changed or broken.
 */
public final class TinyLlama {

    public static final int LAYERS = 4;
    public static final int HIDDEN = 64;
    public static final int HEADS = 4;
    public static final int KV_HEADS = 2;
    public static final int HEAD_SIZE = 16;
    public static final int FEED_FORWARD = 96;
    public static final int VOCABULARY = 128;
    public static final int CONTEXT = 256;

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Tensor(DType dtype, byte[] data, long[] shape) {}

    private final Random random;
    private final DType dtype;
    private final int layers;
    private final ObjectNode config = JSON.createObjectNode();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> files = new TreeMap<>();
    private int shards = 1;

    private TinyLlama(DType dtype, long seed, int layers) {
        this.dtype = dtype;
        this.layers = layers;
        this.random = new Random(seed);
        config.put("model_type", "llama");
        config.putArray("architectures").add("LlamaForCausalLM");
        config.put("hidden_act", "silu");
        config.put("hidden_size", HIDDEN);
        config.put("num_hidden_layers", layers);
        config.put("num_attention_heads", HEADS);
        config.put("num_key_value_heads", KV_HEADS);
        config.put("head_dim", HEAD_SIZE);
        config.put("intermediate_size", FEED_FORWARD);
        config.put("vocab_size", VOCABULARY);
        config.put("max_position_embeddings", CONTEXT);
        config.put("rms_norm_eps", 1e-5);
        config.put("rope_theta", 10000.0);
        config.put("tie_word_embeddings", false);
        config.put("bos_token_id", 1);
        config.put("eos_token_id", 2);
        weight("model.embed_tokens.weight", VOCABULARY, HIDDEN);
        for (int layer = 0; layer < layers; layer++) {
            gain(name(layer, "input_layernorm.weight"));
            weight(name(layer, "self_attn.q_proj.weight"), HEADS * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.k_proj.weight"), KV_HEADS * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.v_proj.weight"), KV_HEADS * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.o_proj.weight"), HIDDEN, HEADS * HEAD_SIZE);
            gain(name(layer, "post_attention_layernorm.weight"));
            weight(name(layer, "mlp.gate_proj.weight"), FEED_FORWARD, HIDDEN);
            weight(name(layer, "mlp.up_proj.weight"), FEED_FORWARD, HIDDEN);
            weight(name(layer, "mlp.down_proj.weight"), HIDDEN, FEED_FORWARD);
        }
        gain("model.norm.weight");
        weight("lm_head.weight", VOCABULARY, HIDDEN);
    }

    public static TinyLlama create() {
        return of(DType.F32, 1);
    }

    public static TinyLlama of(DType dtype, long seed) {
        return new TinyLlama(dtype, seed, LAYERS);
    }

    /** Another number of layers. */
    public static TinyLlama deep(int layers, long seed) {
        return new TinyLlama(DType.F32, seed, layers);
    }

    /** The name of a layer's tensor. */
    public static String name(int layer, String tensor) {
        return "model.layers." + layer + "." + tensor;
    }

    /** The head is the embedding. */
    public TinyLlama tied() {
        return set("tie_word_embeddings", "true").without("lm_head.weight");
    }

    public TinyLlama attentionBias() {
        for (int layer = 0; layer < layers; layer++) {
            weight(name(layer, "self_attn.q_proj.bias"), HEADS * HEAD_SIZE);
            weight(name(layer, "self_attn.k_proj.bias"), KV_HEADS * HEAD_SIZE);
            weight(name(layer, "self_attn.v_proj.bias"), KV_HEADS * HEAD_SIZE);
            weight(name(layer, "self_attn.o_proj.bias"), HIDDEN);
        }
        return set("attention_bias", "true");
    }

    /** Another number of heads of the same size, on the same hidden size. */
    public TinyLlama heads(int heads, int kvHeads) {
        for (int layer = 0; layer < layers; layer++) {
            weight(name(layer, "self_attn.q_proj.weight"), (long) heads * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.k_proj.weight"), (long) kvHeads * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.v_proj.weight"), (long) kvHeads * HEAD_SIZE, HIDDEN);
            weight(name(layer, "self_attn.o_proj.weight"), HIDDEN, (long) heads * HEAD_SIZE);
        }
        return set("num_attention_heads", String.valueOf(heads)).set("num_key_value_heads", String.valueOf(kvHeads));
    }

    public TinyLlama mlpBias() {
        for (int layer = 0; layer < layers; layer++) {
            weight(name(layer, "mlp.gate_proj.bias"), FEED_FORWARD);
            weight(name(layer, "mlp.up_proj.bias"), FEED_FORWARD);
            weight(name(layer, "mlp.down_proj.bias"), HIDDEN);
        }
        return set("mlp_bias", "true");
    }

    public TinyLlama linearRope(double factor) {
        return set("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": " + factor + "}");
    }

    public TinyLlama llama3Rope(double factor, double low, double high, int originalPositions) {
        return set(
                "rope_scaling",
                "{\"rope_type\": \"llama3\", \"factor\": " + factor + ", \"low_freq_factor\": " + low
                        + ", \"high_freq_factor\": " + high + ", \"original_max_position_embeddings\": "
                        + originalPositions + "}");
    }

    /** Several files with their index. */
    public TinyLlama sharded(int count) {
        shards = count;
        return this;
    }

    /** A tokenizer of whole words; all but a few are unknown. */
    public TinyLlama tokenizer() {
        return file("tokenizer.json", """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "<unk>",
                  "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "the": 3, "and": 4, "to": 5, "a": 6, "of": 7, "Alice": 8}}}
                """);
    }

    /** A tokenizer with a word for every token, w0, w1 and so on. */
    public TinyLlama words() {
        return words("null");
    }

    /** The same, with token 1 before every text. */
    public TinyLlama wordsAfterBeginToken() {
        return words("""
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "w1", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                 "special_tokens": {"w1": {"id": "w1", "ids": [1], "tokens": ["w1"]}}}""");
    }

    private TinyLlama words(String postProcessor) {
        ObjectNode tokenizer = JSON.createObjectNode().put("version", "1.0");
        tokenizer.putObject("pre_tokenizer").put("type", "Whitespace");
        ObjectNode model = tokenizer.putObject("model").put("type", "WordLevel").put("unk_token", "w0");
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < VOCABULARY; id++) {
            vocabulary.put("w" + id, id);
        }
        try {
            tokenizer.set("post_processor", JSON.readTree(postProcessor));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(postProcessor, e);
        }
        return file("tokenizer.json", tokenizer.toPrettyString());
    }

    /** A text of random words for {@link #words}. */
    public static String text(int tokens, long seed) {
        return new Random(seed)
                .ints(tokens, 1, VOCABULARY)
                .mapToObj(id -> "w" + id)
                .collect(Collectors.joining(" ", "", "\n"));
    }

    /** A key of config.json with a value in JSON. */
    public TinyLlama set(String key, String json) {
        try {
            config.set(key, JSON.readTree(json));
            return this;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(json, e);
        }
    }

    /** Removes a key of config.json. */
    public TinyLlama unset(String key) {
        if (config.remove(key) == null) {
            throw new IllegalArgumentException("no key " + key);
        }
        return this;
    }

    /** Removes a tensor. */
    public TinyLlama without(String tensor) {
        if (tensors.remove(tensor) == null) {
            throw new IllegalArgumentException("no tensor " + tensor);
        }
        return this;
    }

    /** Adds or replaces a tensor. */
    public TinyLlama tensor(String name, DType type, float[] values, long... shape) {
        return raw(name, type, SafetensorsBuilder.encode(type, values), shape);
    }

    public TinyLlama raw(String name, DType type, byte[] data, long... shape) {
        tensors.put(name, new Tensor(type, data, shape));
        return this;
    }

    /** Changes one element of a tensor. */
    public TinyLlama element(String name, int index, float value) {
        return change(name, values -> values[index] = value);
    }

    /** Changes the elements of a tensor. */
    public TinyLlama change(String name, Consumer<float[]> change) {
        Tensor tensor = tensors.get(name);
        float[] values = SafetensorsBuilder.decode(tensor.dtype(), tensor.data());
        change.accept(values);
        return tensor(name, tensor.dtype(), values, tensor.shape());
    }

    /** Stores a tensor in another type. */
    public TinyLlama as(String name, DType type) {
        Tensor tensor = tensors.get(name);
        return tensor(name, type, SafetensorsBuilder.decode(tensor.dtype(), tensor.data()), tensor.shape());
    }

    /** Gives tensors other names. */
    public TinyLlama renamed(UnaryOperator<String> rename) {
        Map<String, Tensor> others = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> others.put(rename.apply(name), tensor));
        tensors.clear();
        tensors.putAll(others);
        return this;
    }

    /** Makes a layer add nothing to the stream. */
    public TinyLlama identity(int layer) {
        return change(name(layer, "self_attn.o_proj.weight"), values -> Arrays.fill(values, 0))
                .change(name(layer, "mlp.down_proj.weight"), values -> Arrays.fill(values, 0));
    }

    /** Another file of the directory. */
    public TinyLlama file(String name, String text) {
        files.put(name, text);
        return this;
    }

    /** Names of the tensors, in the order of the files. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Writes the directory, which need not exist. */
    public Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config.toPrettyString());
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(directory.resolve(file.getKey()), file.getValue());
        }
        if (shards == 1) {
            part(names()).write(directory.resolve("model.safetensors"));
        } else {
            writeShards(directory);
        }
        return directory;
    }

    private void writeShards(Path directory) throws IOException {
        ObjectNode index = JSON.createObjectNode();
        ObjectNode map = JSON.createObjectNode();
        List<String> names = names();
        long bytes = 0;
        for (int i = 0; i < shards; i++) {
            List<String> inside =
                    new ArrayList<>(names.subList(i * names.size() / shards, (i + 1) * names.size() / shards));
            String file = String.format("model-%05d-of-%05d.safetensors", i + 1, shards);
            SafetensorsBuilder part = part(inside);
            part.write(directory.resolve(file));
            bytes += part.dataBytes();
            inside.forEach(name -> map.put(name, file));
        }
        index.putObject("metadata").put("total_size", bytes);
        index.set("weight_map", map);
        Files.writeString(directory.resolve("model.safetensors.index.json"), index.toPrettyString());
    }

    private SafetensorsBuilder part(List<String> names) {
        SafetensorsBuilder builder = new SafetensorsBuilder();
        names.forEach(name -> {
            Tensor tensor = tensors.get(name);
            builder.addRaw(name, tensor.dtype(), tensor.data(), tensor.shape());
        });
        return builder;
    }

    private void weight(String name, long... shape) {
        tensor(name, dtype, numbers(0, shape), shape);
    }

    private void gain(String name) {
        tensor(name, dtype, numbers(1, HIDDEN), HIDDEN);
    }

    private float[] numbers(float mean, long... shape) {
        int count = 1;
        for (long extent : shape) {
            count *= Math.toIntExact(extent);
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = mean + 0.1f * (float) random.nextGaussian();
        }
        return values;
    }
}
