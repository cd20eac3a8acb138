package dev.twofold.source.onnx;

import dev.twofold.execution.GraphNames;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What inputs of a graph are for. */
final class Roles {

    /** Where each new token stands, in graphs that are told. */
    private static final String POSITIONS = "position_ids";

    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private Roles() {}

    static boolean isIds(Term.Input input) {
        return input.name().equals(GraphNames.IDS);
    }

    /** What is given for each layer: its keys and values of the past. */
    static boolean isCache(Term.Input input) {
        return !isIds(input) && !isMask(input.name()) && !isPositions(input.name());
    }

    /** Whether inputs, or none of both, are the keys and the values of one layer, as far as the numbers in their names say. */
    static boolean areOfOneLayer(String keys, String values) {
        return keys.isEmpty()
                ? values.isEmpty()
                : !keys.equals(values) && numbers(keys).equals(numbers(values));
    }

    private static List<String> numbers(String name) {
        return NUMBER.matcher(name).results().map(MatchResult::group).toList();
    }

    static boolean isMask(String input) {
        return input.equals(GraphNames.MASK);
    }

    static boolean isPositions(String input) {
        return input.equals(POSITIONS);
    }

    /** Whether a value is where each new token stands. */
    static boolean isPositions(Value value) {
        return value.term() == Term.Tokens.POSITIONS
                || value.term() instanceof Term.Input input && isPositions(input.name());
    }
}
