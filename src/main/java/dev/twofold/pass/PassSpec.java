package dev.twofold.pass;

import java.util.Set;
import java.util.function.Function;

/**
 * A pass as a pipeline names it.
 *
 * @param name kebab-case
 * @param summary one line for {@code twofold passes}
 * @param example the pass with its options, as a step of a pipeline
 * @param effect whether the rewritten decoder computes the same function
 * @param options the record that the pipeline's options bind to
 * @param requires what must hold before it
 * @param establishes what holds after it
 * @param removes what no longer holds after it
 * @param factory makes the pass from its options
 */
public record PassSpec<O extends Record>(
        String name,
        String summary,
        String example,
        Effect effect,
        Class<O> options,
        Set<Property> requires,
        Set<Property> establishes,
        Set<Property> removes,
        Function<O, Pass> factory) {

    /** What a pass does to the function that the decoder computes. */
    public enum Effect {
        /** Nothing but rounding: the reference that a graph is compared with leaves these passes out. */
        EXACT,
        /**
         * It rounds the numbers of the form that the decoder then has: the reference has that form, made by the passes before it,
         * and is rounded too.
         */
        ROUNDING,
        /** It computes something else, which is why the user asked for it. */
        APPROXIMATE
    }

    /** The options of a pass that has none. */
    public record NoOptions() {}
}
