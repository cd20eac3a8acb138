package dev.twofold.family;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which keys of config.json the classes of a release of transformers read, as {@code tools/families/class_keys.py} found
 * them. One that is not among them changes nothing of what that release computes.
 *
 * @param version of the release
 * @param library keys that are read of every model
 * @param rotary keys of rotary positions, which are read as their kind needs them
 * @param classes by model type, the keys that are read besides
 * @param sizes by model type, what the class makes of sizes that are left out
 */
public record ClassKeys(
        String version,
        List<String> library,
        List<String> rotary,
        Map<String, List<String>> classes,
        Map<String, Map<String, Integer>> sizes) {

    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})(?:\\.(\\d{1,6}))?.*");

    /** Whether the release has a class for a model type. */
    public boolean knows(String modelType) {
        return classes.containsKey(modelType);
    }

    /** What its class reads. */
    public Set<String> of(String modelType) {
        Set<String> keys = new TreeSet<>(library);
        keys.addAll(classes.getOrDefault(modelType, List.of()));
        return keys;
    }

    /** Sizes that its class fills in, by key. */
    public Map<String, Integer> sizesOf(String modelType) {
        return sizes.getOrDefault(modelType, Map.of());
    }

    /** Whether a version of transformers is a later one; what is no version is none. */
    public boolean precedes(String other) {
        Matcher own = NUMBERS.matcher(version);
        Matcher later = NUMBERS.matcher(other);
        if (!own.matches() || !later.matches()) {
            return false;
        }
        for (int part = 1; part <= 3; part++) {
            int difference = number(later.group(part)) - number(own.group(part));
            if (difference != 0) {
                return difference > 0;
            }
        }
        return false;
    }

    private static int number(String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }
}
