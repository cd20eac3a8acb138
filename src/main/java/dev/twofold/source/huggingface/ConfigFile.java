package dev.twofold.source.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.JsonFile;
import dev.twofold.source.huggingface.family.Family;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Typed access to a JSON configuration. It remembers which keys were asked for, so that a key that nobody asked for,
 * which may change the mathematics, can be refused by name.
 */
final class ConfigFile {

    private final Path file;
    private final String prefix;
    private final ObjectNode root;
    private final Set<String> used = new HashSet<>();

    private ConfigFile(Path file, String prefix, ObjectNode root) {
        this.file = file;
        this.prefix = prefix;
        this.root = root;
    }

    static ConfigFile read(Path file) {
        return new ConfigFile(file, "", JsonFile.read(file));
    }

    /** A file of the same checkpoint. */
    Path beside(String name) {
        return file.resolveSibling(name);
    }

    /** Whether a key is absent, which null is not. */
    boolean lacks(String key) {
        used.add(key);
        return !root.has(key);
    }

    int positive(String key) {
        return positiveIfPresent(key).orElseThrow(() -> missing(key));
    }

    Optional<Integer> positiveIfPresent(String key) {
        return value(key).map(node -> {
            if (!node.isInt() || node.intValue() <= 0) {
                throw wrong(key, "not a positive whole number").found(node);
            }
            return node.intValue();
        });
    }

    double positiveNumber(String key) {
        return positiveNumberIfPresent(key).orElseThrow(() -> missing(key));
    }

    Optional<Double> positiveNumberIfPresent(String key) {
        return value(key).map(node -> {
            if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
                throw wrong(key, "not a positive number").found(node);
            }
            return node.doubleValue();
        });
    }

    boolean flag(String key, boolean otherwise) {
        return value(key)
                .map(node -> {
                    if (!node.isBoolean()) {
                        throw wrong(key, "not true or false").found(node);
                    }
                    return node.booleanValue();
                })
                .orElse(otherwise);
    }

    Optional<String> text(String key) {
        return value(key).map(node -> {
            if (!node.isTextual()) {
                throw wrong(key, "not a string").found(node);
            }
            return node.textValue();
        });
    }

    /** A list of numbers; empty if the key is absent or null. */
    List<Double> numbers(String key) {
        List<Double> numbers = new ArrayList<>();
        value(key).ifPresent(node -> {
            if (!node.isArray() || !elements(node).allMatch(JsonNode::isNumber)) {
                throw wrong(key, "not a list of numbers").found(node);
            }
            elements(node).forEach(number -> numbers.add(number.doubleValue()));
        });
        return numbers;
    }

    /** A list of strings; empty if the key is absent or null. */
    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        value(key).ifPresent(node -> {
            if (!node.isArray() || !elements(node).allMatch(JsonNode::isTextual)) {
                throw wrong(key, "not a list of strings").found(node);
            }
            elements(node).forEach(text -> texts.add(text.textValue()));
        });
        return texts;
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    /** A token id or a list of them; empty if the key is absent or null. */
    List<Integer> tokens(String key, int vocabulary) {
        List<Integer> tokens = new ArrayList<>();
        value(key).ifPresent(node -> {
            for (JsonNode token : node.isArray() ? node : List.of(node)) {
                if (!token.isInt() || token.intValue() < 0 || token.intValue() >= vocabulary) {
                    throw wrong(key, "not a token id, or a list of them")
                            .found(node)
                            .expected("0 to " + (vocabulary - 1));
                }
                tokens.add(token.intValue());
            }
        });
        return tokens;
    }

    Optional<ConfigFile> object(String key) {
        return value(key).map(node -> {
            if (node instanceof ObjectNode object) {
                return new ConfigFile(file, prefix + key + ".", object);
            }
            throw wrong(key, "not an object").found(node);
        });
    }

    /** An absent key and a null value are the same. */
    private Optional<JsonNode> value(String key) {
        used.add(key);
        return Optional.ofNullable(root.get(key)).filter(node -> !node.isNull());
    }

    /**
     * Refuses options that are known to change what is computed, unless they have a value that does not. Where such values
     * are listed, false is one only if it is among them.
     */
    void refuse(Map<String, Family.Refusal> refused) {
        refused.forEach((key, refusal) -> {
            JsonNode value = root.path(key);
            boolean allowed = refusal.unless().isEmpty()
                    ? isSilent(value)
                    : value.isMissingNode()
                            || value.isNull()
                            || refusal.unless().contains(value);
            if (!allowed && !used.contains(key)) {
                throw wrong(key, "this option is not supported: " + refusal.because())
                        .found(value)
                        .hint("use another checkpoint of this family, or open an issue that asks for this option");
            }
            used.add(key);
        });
    }

    /**
     * Refuses every key that was not asked for, is not known to be harmless, and says something (is not null or empty). An
     * unknown false says something: it may switch off what is on by default.
     */
    void refuseOthers(Set<String> harmless) {
        Set<String> others = new TreeSet<>();
        root.properties().forEach(entry -> {
            String key = entry.getKey();
            if (!isNothing(entry.getValue()) && !used.contains(key) && !harmless.contains(key)) {
                others.add(key);
            }
        });
        others.stream().findFirst().ifPresent(key -> {
            throw wrong(key, "this option is not supported")
                    .found(root.get(key))
                    .hint("if it does not change what the model computes, copy the checkpoint and remove it from"
                            + " the copy's config");
        });
    }

    /** Refuses two names of one setting that have different values. */
    void requireEqual(String key, String other) {
        JsonNode first = root.path(key);
        JsonNode second = root.path(other);
        boolean equal = first.isNumber() && second.isNumber()
                ? first.doubleValue() == second.doubleValue()
                : first.equals(second);
        if (!equal) {
            throw wrong(key, "it is another name of " + prefix + other + ", which has another value")
                    .found(first + " and " + second)
                    .hint("copy the checkpoint, and remove the wrong one from the copy's config");
        }
    }

    TwofoldException missing(String key) {
        return wrong(key, "the key is missing").hint("download the checkpoint's config again");
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode() || value.isNull() || value.isContainerNode() && value.isEmpty();
    }

    private static boolean isSilent(JsonNode value) {
        return isNothing(value) || value.isBoolean() && !value.booleanValue();
    }

    TwofoldException wrong(String key, String what) {
        return TwofoldException.input(what).at(Origin.key(file, prefix + key));
    }
}
