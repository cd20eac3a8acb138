package dev.twofold.parse;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.NearestName;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Keys of a YAML file that mean nothing. A mapper that binds to records tells of a key that is missing first, though what
 * is wrong is that it was misspelt.
 */
final class UnknownKeys {

    private static final PropertyNamingStrategies.KebabCaseStrategy KEBAB =
            new PropertyNamingStrategies.KebabCaseStrategy();

    private UnknownKeys() {}

    /**
     * @param path the keys that lead to it, itself the last
     * @param hint what was perhaps meant
     */
    record Unknown(List<String> path, String hint) {

        String key() {
            return path.get(path.size() - 1);
        }
    }

    /**
     * A key that a record, or a record in it, does not have.
     *
     * @param besides a key that the file may have, and the record does not
     */
    static Optional<Unknown> first(ObjectNode tree, Class<?> type, String besides) {
        Map<String, Class<?>> known = components(type);
        known.put(besides, Object.class);
        return first(tree, known, List.of());
    }

    private static Optional<Unknown> first(JsonNode tree, Map<String, Class<?>> known, List<String> above) {
        return tree.properties().stream()
                .flatMap(entry -> {
                    String key = entry.getKey();
                    List<String> path =
                            Stream.concat(above.stream(), Stream.of(key)).toList();
                    Class<?> inner = known.get(key);
                    if (inner == null) {
                        return Stream.of(new Unknown(path, NearestName.hint(key, known.keySet())));
                    }
                    return inner.isRecord() && !hasCreator(inner)
                            ? first(entry.getValue(), components(inner), path).stream()
                            : Stream.empty();
                })
                .findFirst();
    }

    private static Map<String, Class<?>> components(Class<?> type) {
        Map<String, Class<?>> known = new LinkedHashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            known.put(KEBAB.translate(component.getName()), component.getType());
        }
        return known;
    }

    /** A type that reads itself has keys of its own. */
    private static boolean hasCreator(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .anyMatch(method -> method.isAnnotationPresent(JsonCreator.class));
    }
}
