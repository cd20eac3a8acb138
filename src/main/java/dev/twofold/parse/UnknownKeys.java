package dev.twofold.parse;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.twofold.diag.NearestName;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keys of a YAML file that mean nothing. A mapper that binds to records tells of a key that is missing first, though what
 * is wrong is that it was misspelt.
 */
final class UnknownKeys {

    private static final PropertyNamingStrategies.KebabCaseStrategy KEBAB =
            new PropertyNamingStrategies.KebabCaseStrategy();

    private UnknownKeys() {}

    /** @param hint what was perhaps meant */
    record Unknown(String key, String hint) {}

    /** A key that a record, or a record in it, does not have. */
    static Optional<Unknown> first(JsonNode tree, Class<?> type) {
        if (!tree.isObject() || !type.isRecord() || hasCreator(type)) {
            return Optional.empty();
        }
        Map<String, Class<?>> known = new LinkedHashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            known.put(KEBAB.translate(component.getName()), component.getType());
        }
        return tree.properties().stream()
                .flatMap(entry -> {
                    Class<?> inner = known.get(entry.getKey());
                    return (inner == null
                                    ? Optional.of(new Unknown(
                                            entry.getKey(), NearestName.hint(entry.getKey(), known.keySet())))
                                    : first(entry.getValue(), inner))
                            .stream();
                })
                .findFirst();
    }

    /** A type that reads itself has keys of its own. */
    private static boolean hasCreator(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .anyMatch(method -> method.isAnnotationPresent(JsonCreator.class));
    }
}
