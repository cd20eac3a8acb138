package dev.twofold.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.Family;
import dev.twofold.parse.JsonFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Typed access to a JSON configuration. It remembers which keys were asked for, so that a key that nobody asked for,
 * which may change the mathematics, can be refused by name.
 */
public final class ConfigFile {

    private static final String LAYERS = "num_hidden_layers";

    private final Path file;
    /** How the file spells a key. */
    private final UnaryOperator<String> spelling;

    private final String prefix;
    private final ObjectNode root;
    private final Set<String> used = new HashSet<>();

    private ConfigFile(Path file, UnaryOperator<String> spelling, String prefix, ObjectNode root) {
        this.file = file;
        this.spelling = spelling;
        this.prefix = prefix;
        this.root = root;
    }

    public static ConfigFile read(Path file) {
        return of(file, UnaryOperator.identity(), JsonFile.read(file));
    }

    /**
     * A configuration that was made of something else.
     *
     * @param file it came from
     * @param spelling what the keys are called there, for messages
     */
    public static ConfigFile of(Path file, UnaryOperator<String> spelling, ObjectNode root) {
        return new ConfigFile(file, spelling, "", root);
    }

    /**
     * The part under a key as a configuration of its own.
     *
     * @param inherited keys that it has from the whole where it lacks them
     */
    ConfigFile part(String key, Collection<String> inherited) {
        ObjectNode part =
                root.get(key) instanceof ObjectNode own ? own.deepCopy() : JsonNodeFactory.instance.objectNode();
        Set<String> own =
                Set.copyOf(part.properties().stream().map(Map.Entry::getKey).toList());
        inherited.stream()
                .filter(root::has)
                .filter(name -> !own.contains(name))
                .forEach(name -> part.set(name, root.get(name)));
        return new ConfigFile(file, name -> own.contains(name.split("\\.")[0]) ? key + "." + name : name, "", part);
    }

    /** The same configuration without some keys. */
    ConfigFile without(Collection<String> keys) {
        return new ConfigFile(file, spelling, prefix, root.deepCopy().without(keys));
    }

    /** The same configuration with the keys of an object in the whole, as {@code key.inner}; what was read of it counts as read. */
    ConfigFile flattened(String key) {
        ObjectNode flat = root.deepCopy();
        if (flat.get(key) instanceof ObjectNode inner) {
            flat.remove(key);
            inner.properties().forEach(entry -> flat.set(key + "." + entry.getKey(), entry.getValue()));
        }
        ConfigFile flattened = new ConfigFile(file, spelling, prefix, flat);
        flattened.used.addAll(used);
        return flattened;
    }

    /** The same configuration with a word. */
    ConfigFile with(String key, String word) {
        return new ConfigFile(file, spelling, prefix, root.deepCopy().put(key, word));
    }

    /** The same configuration with a flag. */
    ConfigFile with(String key, boolean flag) {
        return new ConfigFile(file, spelling, prefix, root.deepCopy().put(key, flag));
    }

    /** The same configuration with sizes where it has none. */
    ConfigFile withSizes(Map<String, Integer> sizes) {
        ObjectNode filled = root.deepCopy();
        sizes.forEach((key, size) -> filled.putIfAbsent(key, IntNode.valueOf(size)));
        return new ConfigFile(file, spelling, prefix, filled);
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

    /** Whether a key is there, and null. */
    boolean isNull(String key) {
        return root.path(key).isNull();
    }

    int positive(String key) {
        return positiveIfPresent(key).orElseThrow(() -> missing(key));
    }

    /** Some tools write whole numbers as floats, such as 4096.0; and some the same number once for every layer. */
    Optional<Integer> positiveIfPresent(String key) {
        return value(key).map(this::single).map(node -> {
            if (!isWhole(node) || node.intValue() <= 0) {
                throw wrong(key, "not a positive whole number").found(node);
            }
            return node.intValue();
        });
    }

    /** The same, where zero and -1 mean none. */
    Optional<Integer> positiveOrNone(String key) {
        boolean none = value(key)
                .filter(node -> isWhole(node) && (node.intValue() == 0 || node.intValue() == -1))
                .isPresent();
        return none ? Optional.empty() : positiveIfPresent(key);
    }

    /** A number of things, of which there may be none. */
    Optional<Integer> countIfPresent(String key) {
        return value(key).filter(node -> isWhole(node) && node.intValue() == 0).isPresent()
                ? Optional.of(0)
                : positiveIfPresent(key);
    }

    /** The same, where -1 means nothing. */
    Optional<Integer> countOrNone(String key) {
        boolean none = value(key)
                .filter(node -> isWhole(node) && node.intValue() == -1)
                .isPresent();
        return none ? Optional.empty() : countIfPresent(key);
    }

    private JsonNode single(JsonNode node) {
        boolean each = node.isArray()
                && !node.isEmpty()
                && root.path(LAYERS).asInt() == node.size()
                && node.valueStream().distinct().count() == 1;
        return each ? node.get(0) : node;
    }

    private static boolean isWhole(JsonNode node) {
        return node.isNumber() && node.doubleValue() == node.intValue();
    }

    public double positiveNumber(String key) {
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

    /** @throws TwofoldException of kind INPUT if there is none, or none that is finite */
    double number(String key) {
        JsonNode node = value(key).orElseThrow(() -> missing(key));
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw wrong(key, "not a number").found(node);
        }
        return node.doubleValue();
    }

    public boolean flag(String key, boolean otherwise) {
        return flagIfPresent(key).orElse(otherwise);
    }

    public Optional<Boolean> flagIfPresent(String key) {
        return value(key).map(node -> {
            if (!node.isBoolean()) {
                throw wrong(key, "not true or false").found(node);
            }
            return node.booleanValue();
        });
    }

    public Optional<String> text(String key) {
        return value(key).map(node -> {
            if (!node.isTextual()) {
                throw wrong(key, "not a string").found(node);
            }
            return node.textValue();
        });
    }

    /** A token of a tokenizer, which is a string or an object with its {@code content}. */
    public Optional<String> token(String key) {
        return value(key)
                .map(node -> node.isObject() ? node.path("content") : node)
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue);
    }

    /** The same of a key that may also have a value of another kind, which is none then. */
    public Optional<String> textIfText(String key) {
        return value(key).filter(JsonNode::isTextual).map(JsonNode::textValue);
    }

    /** Whether a key has a value that is not null, false or empty. */
    public boolean says(String key) {
        used.add(key);
        return !isSilent(root.path(key));
    }

    /** Whether a key is there, if only to say that there is nothing: an empty list is a list. */
    public boolean gives(String key) {
        used.add(key);
        return !root.path(key).isMissingNode() && !root.path(key).isNull();
    }

    /** The keys of an object, without asking for it; none if it is no object. */
    List<String> keysIn(String key) {
        return root.path(key).properties().stream().map(Map.Entry::getKey).toList();
    }

    public List<String> keys() {
        return root.properties().stream().map(Map.Entry::getKey).toList();
    }

    /** A list of numbers; empty if the key is absent or null. */
    List<Double> numbers(String key) {
        return list(key, JsonNode::isNumber, "numbers").stream()
                .map(JsonNode::doubleValue)
                .toList();
    }

    /** A list of strings; empty if the key is absent or null. */
    List<String> texts(String key) {
        return list(key, JsonNode::isTextual, "strings").stream()
                .map(JsonNode::textValue)
                .toList();
    }

    /**
     * A list of anything; empty if the key is absent or null.
     *
     * @param things what it should be a list of, for messages
     */
    List<JsonNode> list(String key, Predicate<JsonNode> kind, String things) {
        JsonNode node = value(key).orElse(JsonNodeFactory.instance.arrayNode());
        if (!node.isArray() || !node.valueStream().allMatch(kind)) {
            throw wrong(key, "not a list of " + things).found(node);
        }
        return node.valueStream().toList();
    }

    /** A token id or a list of them; -1, which some write for none, is none. */
    List<Integer> tokens(String key, int vocabulary) {
        List<Integer> tokens = new ArrayList<>();
        value(key).ifPresent(node -> {
            for (JsonNode token : node.isArray() ? node : List.of(node)) {
                if (token.isInt() && token.intValue() == -1) {
                    continue;
                } else if (!token.isInt() || token.intValue() < 0 || token.intValue() >= vocabulary) {
                    throw wrong(key, "not a token id, or a list of them")
                            .found(node)
                            .expected("0 to " + (vocabulary - 1));
                }
                tokens.add(token.intValue());
            }
        });
        return tokens;
    }

    /** A token id that nothing is computed from; empty if it is none of the vocabulary. */
    Optional<Integer> tokenIfAny(String key, int vocabulary) {
        return value(key)
                .filter(node -> node.isInt() && node.intValue() >= 0 && node.intValue() < vocabulary)
                .map(JsonNode::intValue);
    }

    public Optional<ConfigFile> object(String key) {
        return value(key).map(node -> {
            if (node instanceof ObjectNode object) {
                return new ConfigFile(file, spelling, prefix + key + ".", object);
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
     * Every key that was not asked for, is not known to be harmless, and says something (is not null or empty). An unknown
     * false says something: it may switch off what is on by default.
     */
    SortedMap<String, JsonNode> others(Set<String> harmless) {
        SortedMap<String, JsonNode> others = new TreeMap<>();
        root.properties().forEach(entry -> {
            String key = entry.getKey();
            if (!isNothing(entry.getValue()) && !used.contains(key) && !harmless.contains(key)) {
                others.put(key, entry.getValue());
            }
        });
        return others;
    }

    /** The name of a key in the whole file. */
    String name(String key) {
        return prefix + key;
    }

    /** Whether a key has one value here and in another object. */
    boolean agrees(String key, ConfigFile other) {
        return equal(root.path(key), other.root.path(key));
    }

    private static boolean equal(JsonNode first, JsonNode second) {
        return first.isNumber() && second.isNumber()
                ? first.doubleValue() == second.doubleValue()
                : first.equals(second);
    }

    /** Refuses two names of one setting that have different values. */
    void requireEqual(String key, String other) {
        if (!equal(root.path(key), root.path(other))) {
            throw wrong(key, "it is another name of " + spelling.apply(prefix + other) + ", which has another value")
                    .found(root.path(key) + " and " + root.path(other))
                    .hint("copy the checkpoint, and remove the wrong one from the copy's config");
        }
    }

    TwofoldException missing(String key) {
        return wrong(key, "the key is missing")
                .hint("download the checkpoint's config again, or add the key to a copy of it");
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode() || value.isNull() || value.isContainerNode() && value.isEmpty();
    }

    private static boolean isSilent(JsonNode value) {
        return isNothing(value) || value.isBoolean() && !value.booleanValue();
    }

    public TwofoldException wrong(String key, String what) {
        return TwofoldException.input(what).at(Origin.key(file, spelling.apply(prefix + key)));
    }
}
