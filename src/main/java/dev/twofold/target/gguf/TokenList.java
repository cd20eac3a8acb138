package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokens of a tokenizer.json.
 *
 * @param texts by id; empty where there is no token
 * @param ids by text
 * @param special ids of tokens that no text is meant to have
 * @param added ids of the other tokens that are found in a text as they are
 * @param unknown the text of the token for what no other stands for; empty if there is none
 */
record TokenList(
        List<String> texts, Map<String, Integer> ids, Set<Integer> special, Set<Integer> added, String unknown) {

    /** Types of tokens by the numbers that files have. */
    private enum Type {
        UNDEFINED,
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    static TokenList of(JsonNode document) {
        Map<String, Integer> ids = new HashMap<>();
        document.at("/model/vocab")
                .properties()
                .forEach(entry -> ids.put(entry.getKey(), entry.getValue().asInt()));
        Set<Integer> special = new HashSet<>();
        Set<Integer> added = new HashSet<>();
        for (JsonNode token : document.path("added_tokens")) {
            int id = token.path("id").asInt();
            ids.put(token.path("content").asText(), id);
            (token.path("special").asBoolean() ? special : added).add(id);
        }
        int size = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
        List<String> texts = new ArrayList<>();
        for (int id = 0; id < size; id++) {
            texts.add("");
        }
        ids.forEach((text, id) -> texts.set(id, text));
        return new TokenList(
                texts, ids, special, added, document.at("/model/unk_token").asText(""));
    }

    int size() {
        return texts.size();
    }

    Optional<Integer> id(String text) {
        return Optional.ofNullable(ids.get(text));
    }

    /** A text for every row of the embedding. */
    List<String> padded(int rows) {
        List<String> padded = new ArrayList<>();
        for (int id = 0; id < rows; id++) {
            boolean there = id < texts.size() && !texts.get(id).isEmpty();
            padded.add(there ? texts.get(id) : "[PAD" + id + "]");
        }
        return padded;
    }

    /** @param bytes whether tokens such as {@code <0x0A>} stand for bytes */
    List<Integer> types(int rows, boolean bytes) {
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < rows; id++) {
            types.add(type(id, bytes).ordinal());
        }
        return types;
    }

    private Type type(int id, boolean bytes) {
        if (id >= texts.size() || texts.get(id).isEmpty()) {
            return Type.UNUSED;
        } else if (bytes && texts.get(id).equals(unknown)) {
            return Type.UNKNOWN;
        } else if (special.contains(id)) {
            return Type.CONTROL;
        } else if (added.contains(id)) {
            return Type.USER_DEFINED;
        }
        return bytes && texts.get(id).matches("<0x[0-9A-F]{2}>") ? Type.BYTE : Type.NORMAL;
    }
}
