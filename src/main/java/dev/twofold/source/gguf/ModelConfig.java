package dev.twofold.source.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.ConfigValue;
import dev.twofold.gguf.Metadata;
import dev.twofold.gguf.MetadataValue;
import dev.twofold.gguf.MetadataValue.Flag;
import dev.twofold.gguf.MetadataValue.Real;
import dev.twofold.gguf.MetadataValue.Text;
import dev.twofold.gguf.MetadataValue.Values;
import dev.twofold.gguf.MetadataValue.Whole;
import dev.twofold.weight.Weight.OnDisk;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The config.json of the checkpoint that a GGUF file was made of, as far as its metadata tells: the keys that decide what the
 * model computes. The family reads it as it reads any other, and it lies beside what is made of the model.
 */
final class ModelConfig {

    /** Keys of any architecture that change nothing, or nothing beyond what is read. */
    private static final Set<String> HARMLESS =
            Set.of("attention.causal", "rope.scaling.finetuned", "tensor_data_layout", "vocab_size");

    private static final String WINDOW = "sliding_window";
    private static final String PATTERN = "sliding_window_pattern";

    private final Metadata metadata;
    private final String prefix;
    private final Architecture architecture;
    private final Map<String, OnDisk> tensors;
    private final ObjectNode config = JsonNodeFactory.instance.objectNode();
    private final Map<String, String> spelling = new HashMap<>();

    private ModelConfig(Metadata metadata, String name, Architecture architecture, Map<String, OnDisk> tensors) {
        this.metadata = metadata;
        this.prefix = name + ".";
        this.architecture = architecture;
        this.tensors = tensors;
    }

    /**
     * What was made of the metadata.
     *
     * @param spelling what keys of it are called in the metadata, for messages
     */
    record Made(ObjectNode config, Map<String, String> spelling) {

        String spelled(String key) {
            return spelling.getOrDefault(key, key);
        }
    }

    /**
     * @param name of the architecture, which its keys begin with
     * @param rows of the embedding
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if a key is missing, malformed or not known
     */
    static Made of(Metadata metadata, String name, Architecture architecture, Map<String, OnDisk> tensors, int rows) {
        return new ModelConfig(metadata, name, architecture, tensors).make(rows);
    }

    private Made make(int rows) {
        config.putArray("architectures").add(architecture.modelClass());
        config.put("model_type", architecture.modelType());
        new TreeMap<>(architecture.config())
                .forEach((key, value) -> value(key, value).ifPresent(node -> config.set(key, node)));
        config.put("vocab_size", rows);
        windows();
        int headSize = headSize();
        new RotaryKeys(metadata, prefix, tensors).write(config, spelling, architecture, headSize);
        scores(headSize);
        tokens(rows);
        Set<String> harmless = new HashSet<>(HARMLESS);
        harmless.addAll(architecture.harmless());
        metadata.refuseOthers(prefix, harmless);
        return new Made(config, spelling);
    }

    private Optional<JsonNode> value(String key, ConfigValue value) {
        if (!value.constant().isMissingNode()) {
            return Optional.of(value.constant());
        }
        if (!value.has().isEmpty()) {
            spelling.put(key, value.has());
            return Optional.of(BooleanNode.valueOf(tensors.containsKey(value.has())));
        }
        if (!value.lacks().isEmpty()) {
            spelling.put(key, value.lacks());
            return Optional.of(BooleanNode.valueOf(!tensors.containsKey(value.lacks())));
        }
        String from = prefix + value.from();
        spelling.put(key, from);
        Optional<MetadataValue> found = metadata.value(from);
        Optional<MetadataValue> second =
                value.also().isEmpty() ? Optional.empty() : metadata.value(prefix + value.also());
        if (value.required() && found.isEmpty()) {
            throw metadata.missing(from);
        }
        return found.or(() -> second)
                .filter(one -> !key.equals(PATTERN) || !(one instanceof Values))
                .map(one -> node(from, one))
                .map(node -> value.times().isEmpty() ? node : times(from, node, value))
                .or(() -> Optional.of(value.otherwise()).filter(node -> !node.isMissingNode()));
    }

    private JsonNode times(String key, JsonNode node, ConfigValue value) {
        String other = prefix + value.times();
        double factor = metadata.number(other).orElseThrow(() -> metadata.missing(other));
        double product = node.asDouble() * Math.pow(factor, value.power());
        if (!node.isNumber() || !(product > 0) || Double.isInfinite(product)) {
            throw metadata.wrong(factor > 0 ? key : other, "not a positive number");
        }
        return DoubleNode.valueOf(product);
    }

    private JsonNode node(String key, MetadataValue value) {
        if (value instanceof Whole whole) {
            long number = whole.value();
            return number == (int) number ? IntNode.valueOf((int) number) : LongNode.valueOf(number);
        } else if (value instanceof Real real) {
            return DoubleNode.valueOf(real.value());
        } else if (value instanceof Flag flag) {
            return BooleanNode.valueOf(flag.value());
        } else if (value instanceof Text text) {
            return TextNode.valueOf(text.value());
        }
        Values list = (Values) value;
        if (list.values().stream().distinct().count() != 1) {
            throw metadata.wrong(key, "layers of different sizes, which are not read")
                    .found(value.describe())
                    .expected("one value for all layers")
                    .hint("give the checkpoint that the file was made of");
        }
        return node(key, list.values().get(0));
    }

    /** A window of no tokens is none. Which layers have one may be a list. */
    private void windows() {
        if (config.path(WINDOW).asInt(1) == 0) {
            config.putNull(WINDOW);
        }
        String key = prefix + "attention." + PATTERN;
        boolean asked = architecture.config().containsKey(PATTERN);
        if (asked && metadata.value(key).orElse(new Flag(false)) instanceof Values list) {
            config.remove(PATTERN);
            config.putArray("layer_types")
                    .addAll(list.values().stream()
                            .map(value -> TextNode.valueOf(isSet(key, value) ? "sliding_attention" : "full_attention"))
                            .toList());
            spelling.put("layer_types", key);
        }
    }

    private boolean isSet(String key, MetadataValue value) {
        if (value instanceof Flag flag) {
            return flag.value();
        } else if (value instanceof Whole whole) {
            return whole.value() != 0;
        }
        throw metadata.wrong(key, "not a list of truths").found(value.describe());
    }

    /** Where nothing is said, heads share the hidden size. */
    private int headSize() {
        int hidden = config.path("hidden_size").asInt();
        int heads = Math.max(1, config.path("num_attention_heads").asInt());
        int shared = hidden / heads;
        long key = metadata.whole(prefix + "attention.key_length").orElse((long) shared);
        long value = metadata.whole(prefix + "attention.value_length").orElse((long) shared);
        boolean told = architecture.config().containsKey("head_dim");
        if (key != value || !told && key != shared) {
            throw metadata.wrong(prefix + "attention.value_length", "heads of this size are not read")
                    .found("keys of " + key + ", values of " + value)
                    .expected(told ? "the same for both" : String.valueOf(shared));
        }
        if (told) {
            config.set("head_dim", key == (int) key ? IntNode.valueOf((int) key) : LongNode.valueOf(key));
        }
        return (int) key;
    }

    /** What scores are divided by the root of, which Gemma's files leave to the reader. */
    private void scores(int headSize) {
        if (architecture.scoresByHiddenSize() == 0) {
            return;
        }
        boolean hidden = config.path("num_hidden_layers").asInt() == architecture.scoresByHiddenSize();
        int shared = config.path("hidden_size").asInt()
                / Math.max(1, config.path("num_attention_heads").asInt());
        config.put("query_pre_attn_scalar", hidden ? shared : headSize);
    }

    private void tokens(int rows) {
        token("bos_token_id", "bos_token_id", rows);
        token("eos_token_id", "eos_token_id", rows);
        token("pad_token_id", "padding_token_id", rows);
    }

    private void token(String key, String from, int rows) {
        spelling.put(key, Vocabulary.PREFIX + from);
        Vocabulary.special(metadata, Vocabulary.PREFIX + from, rows).ifPresent(id -> config.put(key, id));
    }
}
