package dev.twofold.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The parts of a tokenizer.json that cut a text before pairs of bytes are merged. */
final class PreTokenizerParts {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String BYTE_LEVEL = "ByteLevel";

    private PreTokenizerParts() {}

    static ObjectNode part(String type) {
        return JSON.objectNode().put("type", type);
    }

    static JsonNode of(List<String> cuts) {
        List<ObjectNode> parts = new ArrayList<>();
        for (String cut : cuts) {
            parts.add(
                    switch (cut) {
                        case PreTokenizer.WORDS -> byteLevel(true);
                        case PreTokenizer.DIGITS -> part("Digits").put("individual_digits", true);
                        default -> split(PreTokenizer.pattern(cut));
                    });
        }
        if (!cuts.contains(PreTokenizer.WORDS)) {
            parts.add(byteLevel(false));
        }
        if (parts.size() == 1) {
            return parts.get(0);
        }
        ObjectNode sequence = part("Sequence");
        sequence.putArray("pretokenizers").addAll(parts);
        return sequence;
    }

    private static ObjectNode byteLevel(boolean words) {
        return part(BYTE_LEVEL)
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", words);
    }

    private static ObjectNode split(String pattern) {
        ObjectNode split = part("Split");
        split.putObject("pattern").put("Regex", pattern);
        return split.put("behavior", "Isolated").put("invert", false);
    }

    /** Whether two parts do the same, however they are nested, line breaks are spelled, and whatever they say of offsets. */
    static boolean same(JsonNode one, JsonNode other) {
        return steps(one).toList().equals(steps(other).toList());
    }

    private static Stream<JsonNode> steps(JsonNode part) {
        for (String sequence : List.of("pretokenizers", "normalizers")) {
            if (part.path(sequence).isArray()) {
                return StreamSupport.stream(part.path(sequence).spliterator(), false)
                        .flatMap(PreTokenizerParts::steps);
            }
        }
        if (!(part instanceof ObjectNode object)) {
            return Stream.empty();
        }
        ObjectNode plain = object.deepCopy();
        plain.remove("trim_offsets");
        if (object.path("type").asText().equals(BYTE_LEVEL) && !object.has("use_regex")) {
            plain.put("use_regex", true);
        }
        if (plain.path("pattern").path("Regex").isTextual()) {
            String pattern = plain.path("pattern").path("Regex").textValue();
            plain.putObject("pattern").put("Regex", pattern.replace("\r", "\\r").replace("\n", "\\n"));
        }
        return Stream.of(plain);
    }
}
