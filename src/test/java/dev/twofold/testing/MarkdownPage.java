package dev.twofold.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation, taken apart.
 *
 * @param prose its lines outside of code blocks
 * @param shell what a reader would type: the lines of its blocks of shell code, with continued lines joined
 */
public record MarkdownPage(Path path, List<String> prose, List<String> shell) {

    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final String FENCE = "```";

    /** Every page of the project: those at the top, and those under docs/. */
    public static List<MarkdownPage> all() {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> docs = Files.walk(Path.of("docs"))) {
            return Stream.concat(top, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .map(MarkdownPage::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static MarkdownPage read(Path path) {
        List<String> prose = new ArrayList<>();
        List<String> shell = new ArrayList<>();
        String fence = "";
        StringBuilder continued = new StringBuilder();
        for (String line : lines(path)) {
            if (line.startsWith(FENCE)) {
                fence = fence.isEmpty() ? line : "";
            } else if (fence.isEmpty()) {
                prose.add(line);
            } else if (fence.equals(FENCE + "sh")) {
                boolean more = line.endsWith("\\");
                continued.append(more ? line.substring(0, line.length() - 1) : line);
                if (!more) {
                    shell.add(continued.toString());
                    continued.setLength(0);
                }
            }
        }
        return new MarkdownPage(path, List.copyOf(prose), List.copyOf(shell));
    }

    private static List<String> lines(Path path) {
        try {
            return Files.readAllLines(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names by which a link can lead to its headings, as GitHub makes them. */
    public Set<String> anchors() {
        Set<String> anchors = new LinkedHashSet<>();
        for (String line : prose) {
            for (String heading : groups(HEADING, line.startsWith("#") ? List.of(line) : List.of())) {
                String slug = heading.toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-');
                String name = slug;
                for (int again = 1; !anchors.add(name); again++) {
                    name = slug + "-" + again;
                }
            }
        }
        return anchors;
    }

    /** Where its links lead. */
    public List<String> links() {
        return groups(LINK, prose);
    }

    /** What it sets as code within its sentences and tables. */
    public List<String> code() {
        return groups(CODE, prose);
    }

    private static List<String> groups(Pattern pattern, List<String> lines) {
        return lines.stream()
                .flatMap(line -> pattern.matcher(line).results())
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
