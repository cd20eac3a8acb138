package dev.twofold.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes what Jinjava does not parse as Python's Jinja does in another way that means the same:
 *
 * <pre>
 * list[::-1]                               (list|reverse|list)
 * namespace(a=true, b=list|length - 1)     namespace(a=(true), b=(list|length - 1))
 * </pre>
 *
 * <p>White space around code is left out here, as Python does with {@code trim_blocks} and {@code lstrip_blocks}: a line feed
 * after a block, the spaces before one that begins a line, and all of it beside a minus.
 */
final class JinjaDialect {

    private static final Pattern REVERSED = Pattern.compile("([\\w.]+)\\[::-1\\]");
    private static final Pattern NAMESPACE = Pattern.compile("\\bnamespace\\(");
    private static final Pattern NAMED = Pattern.compile("^(\\s*\\w+\\s*=)(?!=)(.*)$", Pattern.DOTALL);

    /** Characters of an opening or closing bracket, and of both. */
    private static final int MARK = 2;

    private static final int MARKS = 2 * MARK;

    private final String template;
    private final StringBuilder result = new StringBuilder();

    private JinjaDialect(String template) {
        this.template = template;
    }

    static String translate(String template) {
        return new JinjaDialect(template).translate();
    }

    private String translate() {
        int at = 0;
        while (true) {
            int begin = begin(at);
            if (begin < 0) {
                return result.append(template, at, template.length()).toString();
            }
            char kind = template.charAt(begin + 1);
            int end = end(begin, (kind == '{' ? '}' : kind) + "}", kind != '#');
            boolean closed = end - begin >= MARKS && template.charAt(end - 1) == '}';
            char before = begin + 2 < end ? template.charAt(begin + 2) : ' ';
            char after = closed ? template.charAt(end - MARK - 1) : ' ';
            result.append(template, at, textEnd(at, begin, before, kind != '{'));
            if (kind != '#') {
                int from = begin + MARK + (before == '-' || before == '+' ? 1 : 0);
                int to = closed ? end - MARK - (after == '-' || after == '+' ? 1 : 0) : end;
                result.append('{').append(kind);
                result.append(rewrite(template.substring(from, Math.max(from, to))));
                result.append(closed ? template.substring(end - MARK, end) : "");
            }
            at = skipAfter(end, after, kind != '{');
        }
    }

    /** The end of the text between two pieces of code, without the white space that the second does away with. */
    private int textEnd(int from, int begin, char control, boolean block) {
        int to = begin;
        if (control == '-') {
            while (to > from && Character.isWhitespace(template.charAt(to - 1))) {
                to--;
            }
            return to;
        }
        while (block && control != '+' && to > from && " \t".indexOf(template.charAt(to - 1)) >= 0) {
            to--;
        }
        return to == 0 || template.charAt(to - 1) == '\n' ? to : begin;
    }

    private int skipAfter(int end, char control, boolean block) {
        int at = end;
        if (control == '-') {
            while (at < template.length() && Character.isWhitespace(template.charAt(at))) {
                at++;
            }
        } else if (block && control != '+' && template.startsWith("\n", at)) {
            at++;
        }
        return at;
    }

    private int begin(int from) {
        int begin = template.indexOf('{', from);
        while (begin >= 0 && begin + 1 < template.length() && "{%#".indexOf(template.charAt(begin + 1)) < 0) {
            begin = template.indexOf('{', begin + 1);
        }
        return begin + 1 < template.length() ? begin : -1;
    }

    /** The end of what begins at a place: after its closing bracket, which is none inside quotes. */
    private int end(int begin, String closing, boolean quoted) {
        char quote = 0;
        for (int i = begin + 2; i < template.length(); i++) {
            char c = template.charAt(i);
            if (quote != 0) {
                if (c == '\\') {
                    i++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (quoted && (c == '"' || c == '\'')) {
                quote = c;
            } else if (template.startsWith(closing, i)) {
                return i + closing.length();
            }
        }
        return template.length();
    }

    private static String rewrite(String code) {
        String reversed = REVERSED.matcher(code).replaceAll("($1|reverse|list)");
        Matcher matcher = NAMESPACE.matcher(reversed);
        if (!matcher.find()) {
            return reversed;
        }
        StringBuilder rewritten = new StringBuilder(reversed.substring(0, matcher.end()));
        int depth = 0;
        char quote = 0;
        int from = matcher.end();
        for (int i = from; i < reversed.length(); i++) {
            char c = reversed.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if ("([{".indexOf(c) >= 0) {
                depth++;
            } else if (depth == 0 && (c == ',' || c == ')')) {
                rewritten
                        .append(NAMED.matcher(reversed.substring(from, i)).replaceFirst("$1($2)"))
                        .append(c);
                from = i + 1;
                if (c == ')') {
                    break;
                }
            } else if (")]}".indexOf(c) >= 0) {
                depth--;
            }
        }
        return rewritten.append(reversed, from, reversed.length()).toString();
    }
}
