package dev.twofold.source.onnx;

import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * One way in which exporters say something.
 *
 * @param name what is said
 * @param operator at the end of it
 * @param pattern that it is spelled as, if it is several operators
 * @param match what it makes of a call of that operator; nothing if that is something else
 */
record Rule(String name, String operator, Optional<Pattern.Applied> pattern, Match match) {

    /** A rule of one operator. */
    Rule(String name, String operator, Match match) {
        this(name, operator, Optional.empty(), match);
    }

    @Override
    public String toString() {
        return name;
    }

    /** What a call is, if it is what a rule is about. */
    @FunctionalInterface
    interface Match {

        Optional<Term> make(Call call, Values values);
    }

    /**
     * A rule of a pattern.
     *
     * @param text as {@link PatternText} has it
     * @param made from what is captured; nothing if that does not belong together
     */
    static Rule spelled(String name, String text, Function<Pattern.Captures, Optional<Term>> made) {
        return spelled(name, text, (captures, values) -> made.apply(captures));
    }

    /** The same where what is made needs other values. */
    static Rule spelled(String name, String text, BiFunction<Pattern.Captures, Values, Optional<Term>> made) {
        Pattern.Applied pattern = PatternText.parse(text);
        return new Rule(name, pattern.operator(), Optional.of(pattern), (call, values) -> {
            Pattern.Captures captures = new Pattern.Captures();
            return pattern.matches(call, captures) ? made.apply(captures, values) : Optional.empty();
        });
    }

    /** The same of one that always makes the same. */
    static Rule spelled(String name, String text, Term made) {
        return spelled(name, text, captures -> Optional.of(made));
    }
}
