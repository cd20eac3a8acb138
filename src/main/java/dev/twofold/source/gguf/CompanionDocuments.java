package dev.twofold.source.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.source.gguf.Vocabulary.Kind;
import dev.twofold.source.gguf.Vocabulary.Role;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The small files that runtimes read beside a model's tokenizer, from its vocabulary. */
record CompanionDocuments(Vocabulary vocabulary) {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** What files call the tokens with a part of their own. */
    private static final Map<String, Role> TOKENS = Map.of(
            "bos_token", Role.BEGIN, "eos_token", Role.END, "unk_token", Role.UNKNOWN, "pad_token", Role.PADDING);

    /** @param context positions of the model */
    ObjectNode tokenizerConfig(int context) {
        ObjectNode config = JSON.objectNode();
        boolean pieces = vocabulary.kind() == Kind.LLAMA;
        config.put("add_bos_token", vocabulary.addsBegin());
        config.put("add_eos_token", vocabulary.addsEnd());
        config.put("add_prefix_space", vocabulary.addsSpace());
        config.setAll(specialTokens());
        config.put("clean_up_tokenization_spaces", false);
        config.put("model_max_length", context);
        config.put("tokenizer_class", pieces ? pieceClass() : "PreTrainedTokenizerFast");
        vocabulary.chatTemplate().ifPresent(template -> config.put("chat_template", template));
        return config;
    }

    /** Runtimes that do without tokenizer.json tell the two by it: one puts a space before a text, the other does not. */
    private String pieceClass() {
        return vocabulary.addsSpace() ? "LlamaTokenizer" : "GemmaTokenizer";
    }

    ObjectNode specialTokens() {
        ObjectNode tokens = JSON.objectNode();
        new TreeMap<>(TOKENS).forEach((key, role) -> vocabulary.text(role).ifPresent(text -> tokens.put(key, text)));
        return tokens;
    }

    ObjectNode generationConfig() {
        ObjectNode config = JSON.objectNode();
        vocabulary.id(Role.BEGIN).ifPresent(id -> config.put("bos_token_id", id));
        List<Integer> ends = vocabulary.ends();
        if (ends.size() == 1) {
            config.put("eos_token_id", ends.get(0));
        } else if (!ends.isEmpty()) {
            ArrayNode all = config.putArray("eos_token_id");
            ends.forEach(all::add);
        }
        vocabulary.id(Role.PADDING).ifPresent(id -> config.put("pad_token_id", id));
        return config;
    }
}
