package dev.twofold.parse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** What a file says on top of what it inherits. */
final class Overlay {

    private Overlay() {}

    /**
     * Mappings are merged key by key, and so are those in them; lists and single values replace what is inherited. A key
     * that is null takes the inherited value away; where there is none, it stays null.
     */
    static ObjectNode of(ObjectNode inherited, ObjectNode own) {
        ObjectNode both = inherited.deepCopy();
        for (Map.Entry<String, JsonNode> entry : own.properties()) {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            if (value.isNull() && inherited.hasNonNull(key)) {
                both.remove(key);
            } else if (value instanceof ObjectNode mapping && inherited.get(key) instanceof ObjectNode below) {
                both.set(key, of(below, mapping));
            } else {
                both.set(key, value);
            }
        }
        return both;
    }
}
