package dev.twofold.pass;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes, written {@code 512m} or {@code 4g} as the options of java are. */
public record MemorySize(long bytes) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,9})([kmg]?)");

    public MemorySize {
        if (bytes < 1) {
            throw new IllegalArgumentException("an amount of memory should be above 0, such as 4g");
        }
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code 4g} */
    public static MemorySize valueOf(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not an amount of memory such as 512m or 4g");
        }
        int shift = matcher.group(2).isEmpty() ? 0 : 10 * ("kmg".indexOf(matcher.group(2)) + 1);
        return new MemorySize(Long.parseLong(matcher.group(1)) << shift);
    }

    @Override
    public String toString() {
        for (int unit = 2; unit >= 0; unit--) {
            int shift = 10 * (unit + 1);
            if (bytes >> shift << shift == bytes) {
                return (bytes >> shift) + "kmg".substring(unit, unit + 1);
            }
        }
        return String.valueOf(bytes);
    }
}
