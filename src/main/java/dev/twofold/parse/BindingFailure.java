package dev.twofold.parse;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** Why keys and values do not make a record, without the words that Jackson has for its callers. */
public final class BindingFailure {

    private BindingFailure() {}

    /** The keys that lead to the value, from the outermost on; a number for a place in a list. */
    public static List<String> path(JsonMappingException e) {
        return e.getPath().stream()
                .map(part -> part.getFieldName() == null ? String.valueOf(part.getIndex()) : part.getFieldName())
                .toList();
    }

    /** What is wrong with the value. */
    public static String reason(JsonMappingException e) {
        String message = PlainYaml.firstLine(e.getOriginalMessage());
        if (e.getCause() instanceof IllegalArgumentException refusal) {
            return PlainYaml.firstLine(refusal.getMessage());
        } else if (e instanceof UnrecognizedPropertyException unknown) {
            return "an unknown key '" + unknown.getPropertyName() + "'";
        } else if (message.startsWith("Missing creator property")) {
            return message.replaceFirst("Missing creator property '([^']*)'.*", "the key $1 is missing");
        }
        Class<?> wanted = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (wanted == null) {
            return "a value that means nothing here";
        } else if (wanted.isEnum()) {
            String value = e instanceof InvalidFormatException invalid ? "'" + invalid.getValue() + "', " : "a value ";
            return value + "which is none of " + Arrays.toString(wanted.getEnumConstants());
        }
        return "a value of another kind than " + kind(wanted);
    }

    private static String kind(Class<?> type) {
        if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        } else if (type == String.class) {
            return "a text";
        }
        return type.isPrimitive() || Number.class.isAssignableFrom(type) ? "a number" : "a mapping of keys to values";
    }
}
