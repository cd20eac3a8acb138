package dev.twofold.target.onnx;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The config.json that transformers.js 4 loads a model by. It takes from it how many caches there are, under a name that depends
 * on {@code model_type}, and which files have their weights beside them; the shapes of caches it takes from the model.
 *
 * @param types that there are, of which the first is loaded where none is asked for
 */
record WebConfig(List<WebType> types, List<KvLayout.Cache> caches) {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final String TYPE = "model_type";
    private static final String TEXT_PART = "text_config";
    private static final String LAYERS = "num_hidden_layers";
    private static final String KV_HEADS = "num_key_value_heads";
    private static final String HEAD_SIZE = "head_dim";

    /** Where the number of layers is said in families that have another name for it. */
    private static final List<String> OTHER_LAYERS = List.of("n_layer", "num_layers", "n_layers");

    /** The families of Twofold's that transformers.js 4.3 runs as they are: one graph, and a cache of keys and one of values a layer. */
    private static final Set<String> KNOWN = Set.of(
            "arcee",
            "cohere",
            "cohere2",
            "ernie4_5",
            "exaone",
            "falcon",
            "gemma",
            "gemma2",
            "gemma3_text",
            "glm",
            "gpt2",
            "gpt_bigcode",
            "gpt_neox",
            "granite",
            "helium",
            "llama",
            "mistral",
            "olmo",
            "olmo2",
            "olmo3",
            "phi",
            "phi3",
            "qwen2",
            "qwen2_moe",
            "qwen3",
            "qwen3_moe",
            "smollm3",
            "stablelm",
            "starcoder2",
            "vaultgemma");

    /** What every decoder with keys and values can pass for: nothing else depends on the type. */
    private static final String ANY = "llama";

    /** Changes the checkpoint's own file. */
    void write(Path file) throws IOException {
        ObjectNode content = textPart((ObjectNode) MAPPER.readTree(file.toFile()));
        describe(content);
        Files.writeString(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }

    /** Of a model of texts and images, the part that was converted: transformers.js would look for the files of the others. */
    private static ObjectNode textPart(ObjectNode content) {
        if (!(content.path(TEXT_PART) instanceof ObjectNode text)) {
            return content;
        }
        ObjectNode part = text.deepCopy();
        content.fields().forEachRemaining(field -> {
            if (!field.getValue().isObject() && !field.getKey().equals("architectures") && !part.has(field.getKey())) {
                part.set(field.getKey(), field.getValue());
            }
        });
        return part;
    }

    private void describe(ObjectNode content) {
        if (!KNOWN.contains(content.path(TYPE).asText())) {
            content.put(TYPE, ANY);
            content.remove("architectures");
        }
        content.put(LAYERS, caches.size());
        OTHER_LAYERS.stream().filter(content::has).forEach(name -> content.put(name, caches.size()));
        content.put(KV_HEADS, caches.get(0).kvHeads());
        content.put(HEAD_SIZE, caches.get(0).headSize());
        // With it transformers.js looks for keys and values in one cache.
        content.remove("multi_query");
        ObjectNode own = content.putObject("transformers.js_config");
        own.put("dtype", types.get(0).toString());
        ObjectNode beside = own.putObject("use_external_data_format");
        types.forEach(type -> beside.put(type.model(), 1));
        ObjectNode cached = MAPPER.createObjectNode();
        types.stream()
                .filter(type -> type.precision() == Precision.FP16)
                .forEach(type -> cached.put(type.toString(), "float16"));
        if (!cached.isEmpty()) {
            own.set("kv_cache_dtype", cached);
        }
    }
}
