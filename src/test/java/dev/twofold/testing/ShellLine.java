package dev.twofold.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes a line of shell apart as far as documents need it: quotes, comments, several commands, variables before one. */
public final class ShellLine {

    private static final Pattern TOKEN =
            Pattern.compile("\\s*(?:(#.*)|(&&|\\|\\||[;|])|((?:\"[^\"]*\"|'[^']*'|[^\\s\"';|&])+))");
    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Z_]+=.*");

    private ShellLine() {}

    /** The commands of a line, each as its words. */
    public static List<List<String>> commands(String line) {
        List<List<String>> commands = new ArrayList<>();
        List<String> words = new ArrayList<>();
        Matcher token = TOKEN.matcher(line);
        while (token.lookingAt()) {
            if (token.group(2) != null) {
                commands.add(words);
                words = new ArrayList<>();
            } else if (token.group(3) != null && !(words.isEmpty() && isAssignment(token.group(3)))) {
                words.add(token.group(3).replaceAll("[\"']", ""));
            }
            token.region(token.end(), line.length());
        }
        if (!line.substring(token.regionStart()).isBlank()) {
            throw new IllegalArgumentException("cannot take apart: " + line);
        }
        commands.add(words);
        commands.removeIf(List::isEmpty);
        return commands;
    }

    private static boolean isAssignment(String word) {
        return ASSIGNMENT.matcher(word).matches();
    }
}
