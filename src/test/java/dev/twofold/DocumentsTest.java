package dev.twofold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.passes.ShippedPasses;
import dev.twofold.testing.MarkdownPage;
import dev.twofold.testing.ShellLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be checked of the documents by a machine; {@code DocumentedCommandsTest} checks their commands. */
final class DocumentsTest {

    private static final Pattern OURS = Pattern.compile("(?:tools|passes|testmodels|src|docs)/[\\w./-]+");
    private static final Pattern TEST = Pattern.compile("-Dtest=(\\w+)");
    private static final int MOST_WORDS_OF_README = 800;

    static List<MarkdownPage> pages() {
        return MarkdownPage.all();
    }

    @Test
    void every_page_is_found() {
        assertThat(pages().stream().map(MarkdownPage::toString))
                .contains("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "docs/families.md");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void nothing_is_left_to_be_filled_in(MarkdownPage page) throws IOException {
        assertThat(Files.readString(page.path())).doesNotContain("@@").doesNotContainIgnoringCase("todo");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void files_that_are_named_exist(MarkdownPage page) {
        assertThat(named(page)).allSatisfy(file -> assertThat(Path.of(file)).exists());
    }

    @Test
    void files_are_named() {
        assertThat(pages().stream().flatMap(page -> named(page).stream()).distinct())
                .hasSizeGreaterThan(10);
    }

    /** Files of the project, in code within sentences and as words of commands. */
    private static Set<String> named(MarkdownPage page) {
        Stream<String> words = page.shell().stream()
                .flatMap(line -> ShellLine.commands(line).stream())
                .flatMap(List::stream);
        Stream<String> spans = page.code().stream().map(span -> span.split(" ")[0]);
        return Stream.concat(words, spans)
                .filter(word -> OURS.matcher(word).matches())
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("pages")
    void links_lead_somewhere(MarkdownPage page) {
        List<String> broken = new ArrayList<>();
        for (String link : page.links()) {
            if (!link.startsWith("https://") && !resolves(page, link)) {
                broken.add(link);
            }
        }
        assertThat(broken).isEmpty();
    }

    private static boolean resolves(MarkdownPage page, String link) {
        int hash = link.indexOf('#');
        String file = hash < 0 ? link : link.substring(0, hash);
        Path target =
                file.isEmpty() ? page.path() : page.path().resolveSibling(file).normalize();
        return Files.exists(target)
                && (hash < 0 || MarkdownPage.read(target).anchors().contains(link.substring(hash + 1)));
    }

    @Test
    void every_page_can_be_reached_from_the_readme() {
        Set<Path> reached = new HashSet<>();
        Deque<Path> next = new ArrayDeque<>(List.of(Path.of("README.md")));
        while (!next.isEmpty()) {
            Path page = next.pop();
            if (reached.add(page)) {
                MarkdownPage.read(page).links().stream()
                        .map(link -> link.replaceFirst("#.*", ""))
                        .filter(file -> file.endsWith(".md") && !file.startsWith("https://"))
                        .forEach(file -> next.add(page.resolveSibling(file).normalize()));
            }
        }
        assertThat(reached).containsAll(pages().stream().map(MarkdownPage::path).toList());
    }

    @Test
    void the_readme_is_short() throws IOException {
        assertThat(Files.readString(Path.of("README.md")).split("\\s+")).hasSizeLessThan(MOST_WORDS_OF_README);
    }

    @Test
    void tests_that_are_named_exist() {
        List<String> tests = pages().stream()
                .flatMap(page -> Stream.concat(page.code().stream(), page.shell().stream()))
                .flatMap(line -> TEST.matcher(line).results())
                .map(match -> match.group(1) + ".java")
                .toList();
        assertThat(tests).isNotEmpty().isSubsetOf(testFiles());
    }

    private static Set<String> testFiles() {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void the_changelog_names_every_pass() throws IOException {
        String changelog = Files.readString(Path.of("CHANGELOG.md"));
        ShippedPasses.ALL.forEach(spec -> assertThat(changelog).contains("`" + spec.name() + "`"));
    }
}
