package dev.twofold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.passes.ShippedPasses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be checked of the documents by a machine. */
final class DocumentsTest {

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "docs/families.md"})
    void nothing_is_left_to_be_filled_in(String name) throws IOException {
        assertThat(Files.readString(Path.of(name))).doesNotContain("@@").doesNotContainIgnoringCase("todo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "ARCHITECTURE.md", "SECURITY.md", "docs/families.md"})
    void files_that_are_named_exist(String name) throws IOException {
        List<Path> named = Pattern.compile("`((?:tools|passes|testmodels|src)/[\\w./-]+)")
                .matcher(Files.readString(Path.of(name)))
                .results()
                .map(match -> Path.of(match.group(1)))
                .toList();
        assertThat(named).isNotEmpty().allSatisfy(path -> assertThat(path).exists());
    }

    @Test
    void the_changelog_names_every_pass() throws IOException {
        String changelog = Files.readString(Path.of("CHANGELOG.md"));
        ShippedPasses.ALL.forEach(spec -> assertThat(changelog).contains("`" + spec.name() + "`"));
    }
}
