package dev.twofold.tokenizer;

import com.hubspot.jinjava.interpret.InterpretException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Functions that transformers gives to chat templates. Jinjava calls them by name. */
public final class TemplateFunctions {

    /** What dates in templates are made of, as Python calls it and as Java does. */
    private static final Map<Character, String> FORMATS = Map.of(
            'Y', "yyyy", 'm', "MM", 'd', "dd", 'B', "MMMM", 'b', "MMM", 'A', "EEEE", 'H', "HH", 'M', "mm", 'S', "ss");

    private TemplateFunctions() {}

    /** What a template says of a conversation that it does not take. */
    static final class Raised extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Raised(String message) {
            super(message);
        }
    }

    public static String raise(String message) {
        throw new Raised(message);
    }

    /** The date or time of day, in a format of Python's strftime. */
    public static String now(String format) {
        LocalDateTime now = LocalDateTime.now();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            i++;
            String pattern = FORMATS.get(format.charAt(i));
            if (pattern == null) {
                throw new InterpretException("strftime_now does not know %" + format.charAt(i));
            }
            text.append(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now));
        }
        return text.toString();
    }
}
