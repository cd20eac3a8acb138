package dev.twofold.layers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Layers {@code begin} to {@code end - 1}, written {@code 4:14}; {@code 0:0} holds none. */
public record LayerWindow(int begin, int end) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6}):(\\d{1,6})");

    public LayerWindow {
        if (end < begin) {
            throw new IllegalArgumentException(
                    "the window " + begin + ":" + end + " should not fall; 4:14 is layers 4 to 13");
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 4:14} */
    public static LayerWindow valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a window of layers such as 4:14");
        }
        return new LayerWindow(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    public boolean contains(int layer) {
        return begin <= layer && layer < end;
    }

    @Override
    public String toString() {
        return begin + ":" + end;
    }
}
