package dev.twofold.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.parse.JsonFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a model is talked to: the chat template that is beside it, and the special tokens that templates name.
 *
 * @param template Jinja
 * @param specialTokens by their names, such as {@code bos_token}
 */
public record Conversation(String template, Map<String, String> specialTokens) {

    private static final String OWN_FILE = "chat_template.jinja";
    private static final String OWN_JSON = "chat_template.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TOKENS = "special_tokens_map.json";
    private static final String KEY = "chat_template";

    /** Of templates in a list, that for conversations without tools. */
    private static final String USUAL = "default";

    private static final long MAX_TEMPLATE = 4 << 20;

    /**
     * Looks where transformers looks, in the same order.
     *
     * @throws TwofoldException of kind INPUT if there is no template, or a file is malformed
     */
    public static Conversation read(Path directory) {
        Map<String, String> tokens = new TreeMap<>();
        object(directory.resolve(TOKENS)).ifPresent(map -> addTokens(map, tokens));
        Optional<ObjectNode> config = object(directory.resolve(CONFIG));
        config.ifPresent(map -> addTokens(map, tokens));
        Path file = directory.resolve(OWN_FILE);
        String template = SourceFile.exists(file)
                ? SourceFile.text(file, MAX_TEMPLATE)
                : object(directory.resolve(OWN_JSON))
                        .flatMap(Conversation::template)
                        .or(() -> config.flatMap(Conversation::template))
                        .orElseThrow(() -> TwofoldException.input("the model has no chat template")
                                .at(Origin.file(directory))
                                .expected(OWN_FILE + ", or " + KEY + " in " + CONFIG)
                                .hint("leave out --chat for a model that was not made to be talked to, or put the "
                                        + OWN_FILE + " of its page there"));
        return new Conversation(template, tokens);
    }

    private static Optional<ObjectNode> object(Path file) {
        return SourceFile.exists(file) ? Optional.of(JsonFile.read(file)) : Optional.empty();
    }

    private static Optional<String> template(ObjectNode config) {
        JsonNode template = config.path(KEY);
        if (template.isArray()) {
            for (JsonNode one : template) {
                if (one.path("name").asText().equals(USUAL)) {
                    return Optional.of(one.path("template").asText());
                }
            }
        }
        return template.isTextual() ? Optional.of(template.textValue()) : Optional.empty();
    }

    private static void addTokens(ObjectNode map, Map<String, String> tokens) {
        map.properties().forEach(entry -> {
            JsonNode token = entry.getValue().isObject() ? entry.getValue().path("content") : entry.getValue();
            if (entry.getKey().endsWith("_token") && token.isTextual()) {
                tokens.put(entry.getKey(), token.textValue());
            }
        });
    }

    /** The variables of the template for a first message, which the model is to answer: a JSON object. */
    String variables(Optional<String> system, String user) {
        ObjectNode variables = JsonNodeFactory.instance.objectNode();
        ArrayNode messages = variables.putArray("messages");
        system.ifPresent(content -> messages.addObject().put("role", "system").put("content", content));
        messages.addObject().put("role", "user").put("content", user);
        variables.put("add_generation_prompt", true);
        specialTokens.forEach(variables::put);
        return variables.toString();
    }
}
