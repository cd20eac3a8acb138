package dev.twofold.tokenizer;

import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/** Gives strings the methods that they have in Python; everything else is left to another resolver. */
final class PythonStrings extends ELResolver {

    private static final String WHITE = " \t\n\r\f\u000b";

    private final ELResolver others;

    PythonStrings(ELResolver others) {
        this.others = others;
    }

    @Override
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        if (base instanceof String text && method instanceof String name) {
            List<String> words = Arrays.stream(arguments).map(String::valueOf).toList();
            Optional<Object> result = call(text, name, words);
            if (result.isPresent()) {
                context.setPropertyResolved(true);
                return result.get();
            }
        }
        return others.invoke(context, base, method, types, arguments);
    }

    private static Optional<Object> call(String text, String name, List<String> arguments) {
        String first = arguments.isEmpty() ? WHITE : arguments.get(0);
        return Optional.ofNullable(
                switch (name + "/" + arguments.size()) {
                    case "strip/0", "strip/1" -> stripped(text, first, true, true);
                    case "lstrip/0", "lstrip/1" -> stripped(text, first, true, false);
                    case "rstrip/0", "rstrip/1" -> stripped(text, first, false, true);
                    case "split/0" ->
                        text.isBlank()
                                ? List.of()
                                : List.of(stripped(text, WHITE, true, true).split("\\s+"));
                    case "split/1" -> split(text, first);
                    case "startswith/1" -> text.startsWith(first);
                    case "endswith/1" -> text.endsWith(first);
                    case "upper/0" -> text.toUpperCase(Locale.ROOT);
                    case "lower/0" -> text.toLowerCase(Locale.ROOT);
                    case "title/0" -> title(text);
                    case "capitalize/0" ->
                        text.isEmpty()
                                ? text
                                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                                        + text.substring(1).toLowerCase(Locale.ROOT);
                    case "replace/2" -> text.replace(first, arguments.get(1));
                    case "find/1" -> (long) text.indexOf(first);
                    case "count/1" -> (long) split(text, first).size() - 1;
                    default -> null;
                });
    }

    private static String stripped(String text, String characters, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && characters.indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        while (right && to > from && characters.indexOf(text.charAt(to - 1)) >= 0) {
            to--;
        }
        return text.substring(from, to);
    }

    private static List<String> split(String text, String separator) {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("empty separator");
        }
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
            parts.add(text.substring(from, at));
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inside = false;
        for (char c : text.toCharArray()) {
            title.append(inside ? Character.toLowerCase(c) : Character.toUpperCase(c));
            inside = Character.isLetter(c);
        }
        return title.toString();
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        return others.getValue(context, base, property);
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return others.getType(context, base, property);
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        others.setValue(context, base, property, value);
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return others.isReadOnly(context, base, property);
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return others.getCommonPropertyType(context, base);
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }
}
