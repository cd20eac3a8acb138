package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Term.Numbers;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;

/** Single numbers that graphs compute of sizes that are known, such as the factor of scores. */
final class NumberRules {

    private static final Set<Long> FLOATING = Set.of(1L, 10L, 11L, 16L);

    static final List<Rule> ALL = List.of(
            new Rule("a size as a number", "Cast", (call, values) -> number(call)),
            new Rule(
                    "a root of a number",
                    "Sqrt",
                    (call, values) ->
                            single(call, 0).filter(number -> number >= 0).map(number -> of(Math.sqrt(number)))),
            computed("a quotient of numbers", "Div", (first, second) -> first / second),
            computed("a product of numbers", "Mul", (first, second) -> first * second));

    private NumberRules() {}

    private static Optional<Term> number(Call call) {
        return Sizes.of(call, 0)
                .filter(sizes -> sizes.size() == 1 && sizes.get(0).isKnown())
                .filter(sizes -> FLOATING.contains(call.integer("to", 0)))
                .map(sizes -> of(sizes.get(0).factor()));
    }

    private static Rule computed(String name, String operator, DoubleBinaryOperator made) {
        return new Rule(
                name,
                operator,
                (call, values) -> single(call, 0)
                        .flatMap(first -> single(call, 1).map(second -> made.applyAsDouble(first, second)))
                        .filter(Double::isFinite)
                        .map(NumberRules::of));
    }

    private static Optional<Double> single(Call call, int input) {
        return call.input(input, Numbers.class).flatMap(Numbers::single);
    }

    private static Term of(double number) {
        return new Numbers(new Filled(Shape.of(1), (float) number), Optional.of(number));
    }
}
