package dev.twofold.source.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.source.gguf.Vocabulary.Kind;
import dev.twofold.source.gguf.Vocabulary.Role;
import java.util.ArrayList;
import java.util.List;

/** What a tokenizer.json has besides its tokens: what happens to a text before and after pairs are merged. */
record TokenizerParts(Vocabulary vocabulary) {

    /** What SentencePiece has in place of a space. */
    private static final String SPACE = "\u2581";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private boolean pieces() {
        return vocabulary.kind() == Kind.LLAMA;
    }

    private static ObjectNode part(String type) {
        return JSON.objectNode().put("type", type);
    }

    JsonNode normalizer() {
        if (!pieces()) {
            return vocabulary.preTokenizer().normalizer();
        }
        List<ObjectNode> parts = new ArrayList<>();
        if (vocabulary.addsSpace()) {
            parts.add(part("Prepend").put("prepend", SPACE));
        }
        parts.add(replace(" ", SPACE));
        return sequence("normalizers", parts);
    }

    private static ObjectNode replace(String text, String by) {
        ObjectNode replace = part("Replace");
        replace.putObject("pattern").put("String", text);
        return replace.put("content", by);
    }

    JsonNode preTokenizer() {
        return pieces() ? NullNode.getInstance() : vocabulary.preTokenizer().preTokenizer();
    }

    JsonNode decoder() {
        if (!pieces()) {
            return part("ByteLevel")
                    .put("add_prefix_space", true)
                    .put("trim_offsets", true)
                    .put("use_regex", true);
        }
        List<ObjectNode> parts = new ArrayList<>(List.of(replace(SPACE, " "), part("ByteFallback"), part("Fuse")));
        if (vocabulary.addsSpace()) {
            parts.add(part("Strip").put("content", " ").put("start", 1).put("stop", 0));
        }
        return sequence("decoders", parts);
    }

    private static JsonNode sequence(String name, List<ObjectNode> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        ObjectNode sequence = part("Sequence");
        sequence.putArray(name).addAll(parts);
        return sequence;
    }

    /** The begin and end tokens that every text gets. */
    JsonNode postProcessor() {
        if (!vocabulary.addsBegin() && !vocabulary.addsEnd()) {
            return NullNode.getInstance();
        }
        ObjectNode template = part("TemplateProcessing");
        addTemplate(template.putArray("single"), "A", 0);
        ArrayNode pair = template.putArray("pair");
        addTemplate(pair, "A", 0);
        addTemplate(pair, "B", 1);
        ObjectNode special = template.putObject("special_tokens");
        if (vocabulary.addsBegin()) {
            addSpecial(special, Role.BEGIN);
        }
        if (vocabulary.addsEnd()) {
            addSpecial(special, Role.END);
        }
        return template;
    }

    private void addTemplate(ArrayNode template, String text, int number) {
        if (vocabulary.addsBegin()) {
            addItem(template, "SpecialToken", text(Role.BEGIN), number);
        }
        addItem(template, "Sequence", text, number);
        if (vocabulary.addsEnd()) {
            addItem(template, "SpecialToken", text(Role.END), number);
        }
    }

    private static void addItem(ArrayNode template, String kind, String id, int number) {
        template.addObject().putObject(kind).put("id", id).put("type_id", number);
    }

    private void addSpecial(ObjectNode special, Role role) {
        ObjectNode token = special.putObject(text(role)).put("id", text(role));
        token.putArray("ids").add(vocabulary.id(role).orElseThrow());
        token.putArray("tokens").add(text(role));
    }

    private String text(Role role) {
        return vocabulary.text(role).orElseThrow();
    }
}
