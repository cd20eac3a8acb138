package dev.twofold.layers;

import dev.twofold.decoder.StepName;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Neighbouring steps of the stream, both ends included, written {@code 12A-13A}: from the attention of layer 12 to that of
 * layer 13. Which steps lie between them depends on the stream they are in.
 */
public record StepRange(StepName first, StepName last) implements Place {

    private static final Pattern FORM = Pattern.compile("([^-]+)-([^-]+)");

    public StepRange {
        if (last.equals(first)) {
            throw new IllegalArgumentException(
                    "the range " + first + "-" + last + " holds one step, and merges nothing");
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 12A-13A} */
    public static StepRange valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a range of steps such as 12A-12F");
        }
        return new StepRange(StepName.valueOf(matcher.group(1)), StepName.valueOf(matcher.group(2)));
    }

    /** The range of so many places of a chain of two steps a layer, from one on. */
    public static StepRange of(int place, int size) {
        return new StepRange(StepName.at(place), StepName.at(place + size - 1));
    }

    @Override
    public int firstPlace() {
        return first.place();
    }

    @Override
    public int lastPlace() {
        return last.place();
    }

    @Override
    public int stepsSaved(int stepsPerLayer) {
        return lastPlace() - firstPlace();
    }

    /** The steps in it, where the stream runs through the layers as the checkpoint numbers them. */
    public List<StepName> steps() {
        return IntStream.rangeClosed(firstPlace(), lastPlace())
                .mapToObj(StepName::at)
                .toList();
    }

    /** The layers of its first and its last step. */
    public List<Integer> endLayers() {
        return Stream.of(first.layer(), last.layer()).distinct().toList();
    }

    /** Its steps side by side, {@code 12A|12F|13A}. */
    public String sideBySide() {
        return steps().stream().map(StepName::toString).collect(Collectors.joining("|"));
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
