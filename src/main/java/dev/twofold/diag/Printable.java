package dev.twofold.diag;

import java.util.stream.Collectors;

/**
 * Text that may hold what strangers wrote: names come from their files, and must neither add lines to a message, nor steer
 * the terminal or the direction of the text, nor fill the screen.
 */
public final class Printable {

    /** Of one part of a message. */
    private static final int MAX_PART = 1000;

    private Printable() {}

    /** One line, of bounded length. */
    public static String part(String text) {
        return line(text.length() <= MAX_PART ? text : text.substring(0, MAX_PART) + "...");
    }

    /** One line. */
    public static String line(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?");
    }

    /** As many lines as the text has. */
    public static String lines(String text) {
        return text.lines().map(Printable::line).collect(Collectors.joining("\n"));
    }
}
