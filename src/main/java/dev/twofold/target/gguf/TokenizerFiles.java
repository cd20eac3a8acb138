package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.Companion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * What a model's small files say of its tokenizer.
 *
 * @param tokenizer tokenizer.json
 * @param config tokenizer_config.json; missing if there is none
 * @param template chat_template.jinja
 */
record TokenizerFiles(Optional<JsonNode> tokenizer, JsonNode config, Optional<String> template) {

    /** The largest published ones have some 40 MB. */
    private static final long MAX_BYTES = 256L << 20;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    static TokenizerFiles read(List<Companion> originals) {
        return new TokenizerFiles(
                document(originals, "tokenizer.json"),
                document(originals, "tokenizer_config.json").orElse(MissingNode.getInstance()),
                text(originals, "chat_template.jinja"));
    }

    /** The text of a special token that tokenizer_config.json names. */
    Optional<String> special(String name) {
        JsonNode token = config.path(name);
        return Optional.of(token.isObject() ? token.path("content") : token)
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue);
    }

    /** A file of its own, or in tokenizer_config.json: the text, or the one called default of several. */
    Optional<String> chatTemplate() {
        JsonNode inside = config.path("chat_template");
        Optional<String> named = StreamSupport.stream(inside.spliterator(), false)
                .filter(one -> one.path("name").asText().equals("default"))
                .map(one -> one.path("template").asText())
                .findFirst();
        Optional<String> only = Optional.of(inside).filter(JsonNode::isTextual).map(JsonNode::textValue);
        return template.or(() -> only).or(() -> named);
    }

    private static Optional<JsonNode> document(List<Companion> originals, String name) {
        return text(originals, name).map(text -> {
            try {
                return MAPPER.readTree(text);
            } catch (IOException e) {
                throw TwofoldException.input("malformed JSON").at(name).found(e).cause(e);
            }
        });
    }

    private static Optional<String> text(List<Companion> originals, String name) {
        return originals.stream()
                .filter(original -> original.name().equals(name))
                .findFirst()
                .map(original -> {
                    if (original.bytes() > MAX_BYTES) {
                        throw TwofoldException.input("the file is too large")
                                .at(name)
                                .found(original.bytes() + " bytes")
                                .expected("at most " + MAX_BYTES);
                    }
                    try (InputStream in = original.content().open()) {
                        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw TwofoldException.environment("cannot read the file")
                                .at(name)
                                .found(e)
                                .cause(e);
                    }
                });
    }
}
