package dev.twofold.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.Families;
import dev.twofold.family.Setting;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What the settings of a family come to in one config.json. A key that is absent means the setting's default; one that is
 * null means none.
 *
 * @param unknown what becomes of keys that no setting reads
 * @param range of positions, where there are two
 */
record Settings(ConfigFile config, UnknownKeys unknown, RopeRange range) {

    /** What words of config.json may be called in the file of a family. */
    private static final String YES = "yes";

    /** @throws TwofoldException of kind INPUT if there is none, or no positive whole number */
    int size(Setting setting) {
        return sizeIfAny(setting).orElseThrow(() -> config.missing(setting.key()));
    }

    Optional<Integer> sizeIfAny(Setting setting) {
        return ownValue(setting)
                ? config.positiveIfPresent(key(setting))
                : constant(setting, node -> node.isInt() && node.intValue() > 0, "a positive whole number")
                        .map(JsonNode::intValue);
    }

    /** The same, where zero and -1 mean none. */
    Optional<Integer> sizeOrNone(Setting setting) {
        return ownValue(setting) ? config.positiveOrNone(key(setting)) : sizeIfAny(setting);
    }

    /** Passes over what something else says better. */
    void skip(Setting setting) {
        if (!setting.isConstant()) {
            config.lacks(key(setting));
        }
    }

    /** A number of things, of which there may be none. */
    Optional<Integer> countIfAny(Setting setting) {
        return ownValue(setting) ? config.countIfPresent(key(setting)) : sizeIfAny(setting);
    }

    /** The same, where -1 means nothing. */
    Optional<Integer> countOrNone(Setting setting) {
        return ownValue(setting) ? config.countOrNone(key(setting)) : countIfAny(setting);
    }

    Optional<Double> number(Setting setting) {
        Optional<Double> value = ownValue(setting)
                ? config.positiveNumberIfPresent(key(setting))
                : constant(setting, Settings::isPositive, "a positive number").map(JsonNode::doubleValue);
        Optional<Double> raised = setting.power() == 1 ? value : value.map(one -> Math.pow(one, setting.power()));
        return setting.over()
                .map(other -> raised.flatMap(one -> number(other).map(divisor -> one / divisor)))
                .orElse(raised);
    }

    /** The same, where zero is a number, too. */
    Optional<Double> numberOrZero(Setting setting) {
        boolean zero = ownValue(setting) && config.says(key(setting)) && config.number(key(setting)) == 0;
        return zero ? Optional.of(0.0) : number(setting);
    }

    boolean flag(Setting setting, boolean otherwise) {
        boolean fallback = constant(setting, JsonNode::isBoolean, "true or false")
                .map(JsonNode::booleanValue)
                .orElse(otherwise);
        return setting.isConstant() ? fallback : config.flag(key(setting), fallback);
    }

    /** A word, as the family's file calls it. */
    String word(Setting setting) {
        Optional<String> found = ownValue(setting) ? config.text(key(setting)) : Optional.empty();
        String word = found.or(
                        () -> constant(setting, JsonNode::isTextual, "a word").map(JsonNode::textValue))
                .orElseThrow(() -> config.missing(setting.key()));
        if (setting.values().isEmpty()) {
            return word;
        }
        String meaning = setting.values().get(word);
        if (meaning == null) {
            throw config.wrong(setting.key(), "unsupported value")
                    .found(word)
                    .expected(String.join(", ", new TreeSet<>(setting.values().keySet())));
        }
        return meaning;
    }

    /** Whether a word means yes; so does that nothing is said. */
    boolean says(Setting setting) {
        return setting.equals(Setting.NONE) || word(setting).equals(YES);
    }

    private static boolean isPositive(JsonNode node) {
        return node.isNumber() && node.doubleValue() > 0 && Double.isFinite(node.doubleValue());
    }

    /** The name of a setting in messages. */
    static String name(Setting setting, String otherwise) {
        return setting.isConstant() ? otherwise : setting.key();
    }

    /** The name that this config.json has for a setting's key. */
    private String key(Setting setting) {
        if (setting.also().isEmpty()) {
            return setting.key();
        }
        boolean first = !config.lacks(setting.key());
        // Where the first is there, a second one that is null says nothing of its own.
        boolean second = !config.lacks(setting.also()) && !(first && config.isNull(setting.also()));
        if (first && second) {
            config.requireEqual(setting.key(), setting.also());
        }
        return first || !second ? setting.key() : setting.also();
    }

    private boolean ownValue(Setting setting) {
        return !setting.isConstant() && !config.lacks(key(setting));
    }

    /** What the family's file says. Those that come with Twofold are right; one that a checkpoint brings may not be. */
    private Optional<JsonNode> constant(Setting setting, Predicate<JsonNode> kind, String expected) {
        JsonNode value = setting.otherwise();
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!kind.test(value)) {
            Path file = config.beside(Families.OWN);
            throw TwofoldException.input("wrong kind of value in the description of the family")
                    .at(setting.isConstant() ? Origin.file(file) : Origin.key(file, setting.key()))
                    .found(value)
                    .expected(expected);
        }
        return Optional.of(value);
    }
}
