package dev.twofold.decoder;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a layer of the checkpoint does, by itself: {@code 12A} is the attention of layer 12, {@code 12F} its feed-forward.
 * Layers are numbered from 0.
 */
public record StepName(int layer, Part part) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})([AFaf])");

    /** The two halves of a layer, in their order. */
    public enum Part {
        ATTENTION("A"),
        FEED_FORWARD("F");

        private final String letter;

        Part(String letter) {
            this.letter = letter;
        }

        static Part of(String letter) {
            return letter.equalsIgnoreCase(ATTENTION.letter) ? ATTENTION : FEED_FORWARD;
        }

        @Override
        public String toString() {
            return letter;
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 12A} */
    public static StepName valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a step such as 12A or 12F");
        }
        return new StepName(Integer.parseInt(matcher.group(1)), Part.of(matcher.group(2)));
    }

    /**
     * What the operators of a step are in the checkpoint, those in chains included, in the order of its branches. Experts and
     * the one that every token gets are one.
     */
    public static List<StepName> of(Step step) {
        return step.branches().stream().flatMap(StepName::of).distinct().toList();
    }

    private static Stream<StepName> of(Branch branch) {
        List<Step> inside = branch.body().steps();
        if (!inside.isEmpty()) {
            return inside.stream().flatMap(step -> of(step).stream());
        }
        Part part = branch.body().kind() == Operator.Kind.ATTENTION ? Part.ATTENTION : Part.FEED_FORWARD;
        return branch.origin().layers().stream().map(layer -> new StepName(layer, part));
    }

    /** The place in a chain of two steps a layer. */
    public int place() {
        return 2 * layer + part.ordinal();
    }

    /** The step at a place in a chain of two steps a layer. */
    public static StepName at(int place) {
        return new StepName(place / 2, Part.values()[place % 2]);
    }

    @Override
    public String toString() {
        return layer + part.letter;
    }
}
