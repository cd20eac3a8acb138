package dev.twofold.layers;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Neighbouring layers, both ends included, written {@code 4-5}. Numbers are the checkpoint's, from 0. */
public record LayerRange(int first, int last) implements Place {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})-(\\d{1,6})");

    public LayerRange {
        if (last <= first) {
            throw new IllegalArgumentException("the range " + first + "-" + last + " should rise, as 4-5 does");
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 4-5} */
    public static LayerRange valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a range of layers such as 4-5");
        }
        return new LayerRange(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    public List<Integer> layers() {
        return IntStream.rangeClosed(first, last).boxed().toList();
    }

    @Override
    public int firstPlace() {
        return 2 * first;
    }

    @Override
    public int lastPlace() {
        return 2 * last + 1;
    }

    /** In the forms that save a layer's steps for each layer that joins another. */
    @Override
    public int stepsSaved(int stepsPerLayer) {
        return stepsPerLayer * (size() - 1);
    }

    /** Number of layers. */
    public int size() {
        return last - first + 1;
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
