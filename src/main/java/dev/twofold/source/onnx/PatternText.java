package dev.twofold.source.onnx;

import dev.twofold.execution.GraphNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How patterns are written:
 *
 * <pre>
 * Mul{axis=1}(a, b)      an operator with exactly these attributes, of which a value may be any, and inputs
 * TopK:1(a, b)           its second output
 * ?x                     any value; the same wherever it stands
 * ?~x  ?=x               any constant number, any constant whole numbers
 * ~0.5  =1  =[0, -1]     a constant number, constant whole numbers
 * ids  mask              what the graph is given
 * total  positions ...   what another rule made out: one of {@link Term.Tokens}
 * allowed                the mask of queries that see all before them
 * </pre>
 */
final class PatternText {

    private final String text;
    private int at;

    private PatternText(String text) {
        this.text = text;
    }

    static Pattern.Applied parse(String text) {
        PatternText parser = new PatternText(text.replaceAll("\\s+", ""));
        Pattern pattern = parser.pattern();
        if (parser.at != parser.text.length() || !(pattern instanceof Pattern.Applied applied)) {
            throw new IllegalArgumentException("no operator, or something behind it: " + text);
        }
        return applied;
    }

    private Pattern pattern() {
        if (skip("?~")) {
            return new Pattern.AnyNumber(word());
        } else if (skip("?=")) {
            return new Pattern.AnyWhole(word());
        } else if (skip("?")) {
            return new Pattern.Capture(word());
        } else if (skip("~")) {
            return new Pattern.Number(Double.parseDouble(word()));
        } else if (skip("=")) {
            return whole();
        }
        String name = word();
        return Character.isUpperCase(name.charAt(name.lastIndexOf('.') + 1)) ? applied(name) : known(name);
    }

    private Pattern whole() {
        if (!skip("[")) {
            return new Pattern.Whole(List.of(Long.parseLong(word())));
        }
        List<Long> numbers = new ArrayList<>();
        while (!skip("]")) {
            numbers.add(Long.parseLong(word()));
            skip(",");
        }
        return new Pattern.Whole(numbers);
    }

    private static Pattern known(String name) {
        return new Pattern.Known(
                switch (name) {
                    case "ids" -> new Term.Input(GraphNames.IDS);
                    case "mask" -> new Term.Input(GraphNames.MASK);
                    case "allowed" -> Term.Mask.before(Optional.empty());
                    default -> Term.Tokens.valueOf(name.toUpperCase(Locale.ROOT));
                });
    }

    private Pattern applied(String operator) {
        Map<String, String> attributes = new TreeMap<>();
        if (skip("{")) {
            while (!skip("}")) {
                String key = word();
                require("=");
                attributes.put(key, attribute());
                skip(",");
            }
        }
        int output = skip(":") ? Integer.parseInt(word()) : 0;
        require("(");
        List<Pattern> inputs = new ArrayList<>();
        while (!skip(")")) {
            inputs.add(pattern());
            skip(",");
        }
        return new Pattern.Applied(operator, attributes, output, inputs);
    }

    /** Lists are spelled as they print. */
    private String attribute() {
        if (!skip("[")) {
            return word();
        }
        List<String> all = new ArrayList<>();
        while (!skip("]")) {
            all.add(word());
            skip(",");
        }
        return all.toString();
    }

    private String word() {
        int from = at;
        while (at < text.length()
                && (Character.isLetterOrDigit(text.charAt(at)) || "_.-".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        if (from == at) {
            throw new IllegalArgumentException("a name is missing at " + text.substring(from));
        }
        return text.substring(from, at);
    }

    private boolean skip(String next) {
        boolean there = text.startsWith(next, at);
        at += there ? next.length() : 0;
        return there;
    }

    private void require(String next) {
        if (!skip(next)) {
            throw new IllegalArgumentException(next + " is missing at " + text.substring(at));
        }
    }
}
