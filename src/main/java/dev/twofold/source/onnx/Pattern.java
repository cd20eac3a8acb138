package dev.twofold.source.onnx;

import dev.twofold.graph.proto.AttributeProto;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a value may look like: operators applied to one another, and places whose values are captured. */
sealed interface Pattern {

    /** Operators whose two operands may change places. */
    Set<String> COMMUTATIVE = Set.of("Add", "Mul", "And", "Or", "Equal", "Max", "Min");

    /** How far a number of a graph may be from the one that a formula has: half precision rounds it. */
    double TOLERANCE = 1e-3;

    /** What stands for every value of an attribute. */
    String ANY = "any";

    /** Whether a value is like this; what is captured on the way is no use if not. */
    boolean matches(Value value, Captures captures);

    /** What stands at the places of a pattern that have names. */
    final class Captures {

        private final Map<String, Value> values = new HashMap<>();

        Value value(String name) {
            Value value = values.get(name);
            if (value == null) {
                throw new IllegalStateException("nothing was captured as " + name);
            }
            return value;
        }

        double number(String name) {
            return value(name)
                    .as(Term.Numbers.class)
                    .flatMap(Term.Numbers::single)
                    .orElseThrow();
        }

        List<Long> whole(String name) {
            return value(name).as(Term.Whole.class).orElseThrow().values();
        }

        private Captures copy() {
            Captures copy = new Captures();
            copy.values.putAll(values);
            return copy;
        }

        private void take(Captures other) {
            values.clear();
            values.putAll(other.values);
        }
    }

    /** Any value; the same wherever the name stands. */
    record Capture(String name) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            Value known = captures.values.putIfAbsent(name, value);
            return known == null || known == value;
        }
    }

    /** A constant number, whatever it is. */
    record AnyNumber(String name) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            boolean single =
                    value.as(Term.Numbers.class).flatMap(Term.Numbers::single).isPresent();
            return single && new Capture(name).matches(value, captures);
        }
    }

    /** Constant whole numbers, whatever they are. */
    record AnyWhole(String name) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            return value.term() instanceof Term.Whole && new Capture(name).matches(value, captures);
        }
    }

    /** A constant number. */
    record Number(double number) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            return value.as(Term.Numbers.class)
                    .flatMap(Term.Numbers::single)
                    .filter(found -> Math.abs(found - number) <= TOLERANCE * Math.abs(number))
                    .isPresent();
        }
    }

    /** Constant whole numbers. */
    record Whole(List<Long> numbers) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            return value.as(Term.Whole.class)
                    .filter(found -> found.values().equals(numbers))
                    .isPresent();
        }
    }

    /** Something that another rule made out already. */
    record Known(Term term) implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            return value.term().equals(term);
        }
    }

    /**
     * An operator.
     *
     * @param attributes all that it has, as they are written in a pattern
     */
    record Applied(String operator, Map<String, String> attributes, int output, List<Pattern> inputs)
            implements Pattern {

        @Override
        public boolean matches(Value value, Captures captures) {
            return value.call().filter(call -> matches(call, captures)).isPresent();
        }

        boolean matches(Call call, Captures captures) {
            if (!call.operator().equals(operator)
                    || call.output() != output
                    || call.inputs().size() != inputs.size()
                    || !hasAttributes(call)) {
                return false;
            }
            if (inOrder(call.inputs(), captures)) {
                return true;
            }
            return COMMUTATIVE.contains(operator)
                    && inputs.size() == 2
                    && inOrder(List.of(call.inputs().get(1), call.inputs().get(0)), captures);
        }

        private boolean hasAttributes(Call call) {
            return call.attributes().size() == attributes.size()
                    && attributes.entrySet().stream()
                            .allMatch(entry -> Optional.ofNullable(
                                            call.attributes().get(entry.getKey()))
                                    .filter(found -> entry.getValue().equals(ANY)
                                            || spelled(found).equals(entry.getValue()))
                                    .isPresent());
        }

        private static String spelled(AttributeProto attribute) {
            return switch (attribute.getType()) {
                case INT -> String.valueOf(attribute.getI());
                case FLOAT -> String.valueOf(attribute.getF());
                case STRING -> attribute.getS().toStringUtf8();
                case INTS -> attribute.getIntsList().toString();
                default -> "?";
            };
        }

        private boolean inOrder(List<Optional<Value>> operands, Captures captures) {
            Captures own = captures.copy();
            for (int i = 0; i < inputs.size(); i++) {
                Pattern wanted = inputs.get(i);
                if (operands.get(i)
                        .filter(operand -> wanted.matches(operand, own))
                        .isEmpty()) {
                    return false;
                }
            }
            captures.take(own);
            return true;
        }
    }
}
