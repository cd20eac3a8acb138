package dev.twofold.target.transformers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** JSON that people read: a key a line, and a step a line where steps are listed. */
final class ConfigText {

    private static final ObjectWriter COMPACT = new ObjectMapper().writer();

    private ConfigText() {}

    static String of(ObjectNode root) {
        return object(root, "") + "\n";
    }

    private static String object(ObjectNode object, String indent) {
        String inner = indent + "  ";
        List<String> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            entries.add(inner + json(entry.getKey()) + ": " + value(entry.getKey(), entry.getValue(), inner));
        }
        return entries.isEmpty() ? "{}" : "{\n" + String.join(",\n", entries) + "\n" + indent + "}";
    }

    private static String value(String key, JsonNode value, String indent) {
        if (value instanceof ObjectNode object && !object.isEmpty()) {
            return object(object, indent);
        } else if (key.equals("steps")) {
            return StreamSupport.stream(value.spliterator(), false)
                    .map(step -> indent + "  " + json(step))
                    .collect(Collectors.joining(",\n", "[\n", "\n" + indent + "]"));
        }
        return json(value);
    }

    private static String json(Object value) {
        try {
            return COMPACT.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that is no JSON", e);
        }
    }
}
