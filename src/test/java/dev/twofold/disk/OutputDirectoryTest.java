package dev.twofold.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputDirectoryTest {

    @TempDir
    private Path parent;

    private final List<String> notices = new ArrayList<>();

    private OutputPlace claim(boolean force) {
        Path out = parent.resolve("out");
        return OutputPlace.claim(Destination.check(out, List.of(parent.resolve("in")), force), notices::add);
    }

    private static void fill(OutputDirectory output, String text) throws IOException {
        Files.writeString(output.path().resolve("twofold.json"), text);
    }

    private List<String> entries() {
        return List.of(parent.toFile().list());
    }

    @Test
    void appears_when_it_is_committed() throws IOException {
        try (OutputPlace place = claim(false);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
            assertThat(parent.resolve("out")).doesNotExist();
            output.commit();
        }
        assertThat(parent.resolve("out").resolve("twofold.json")).hasContent("new");
        assertThat(entries()).containsExactly("out");
    }

    @Test
    void disappears_when_it_is_not() throws IOException {
        try (OutputPlace place = claim(false);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
        }
        assertThat(entries()).isEmpty();
    }

    @Test
    void what_appeared_meanwhile_is_not_replaced() throws IOException {
        try (OutputPlace place = claim(false);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
            Files.createDirectory(parent.resolve("out"));
            Files.writeString(parent.resolve("out").resolve("thesis.txt"), "years of work");
            assertThatThrownBy(output::commit)
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("already exists");
        }
        assertThat(parent.resolve("out").resolve("thesis.txt")).hasContent("years of work");
        assertThat(entries()).containsExactly("out");
    }

    @Test
    void force_does_not_replace_what_twofold_did_not_make() throws IOException {
        try (OutputPlace place = claim(true);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
            Files.createDirectory(parent.resolve("out"));
            Files.writeString(parent.resolve("out").resolve("thesis.txt"), "years of work");
            assertThatThrownBy(output::commit).hasMessageContaining("no twofold.json");
        }
        assertThat(parent.resolve("out").resolve("thesis.txt")).exists();
    }

    @Test
    void a_link_to_a_directory_keeps_pointing_there() throws IOException {
        Path real = Files.createDirectory(parent.resolve("real"));
        Files.createSymbolicLink(parent.resolve("out"), real);
        try (OutputPlace place = claim(false);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
            output.commit();
        }
        assertThat(parent.resolve("out")).isSymbolicLink();
        assertThat(real.resolve("twofold.json")).hasContent("new");
    }

    @Test
    void a_target_without_room_is_refused_before_anything_is_made() {
        try (OutputPlace place = claim(false)) {
            assertThatThrownBy(() -> place.stage(Long.MAX_VALUE)).hasMessageContaining("not enough space");
        }
        assertThat(entries()).isEmpty();
    }

    @Test
    void directories_that_were_made_for_it_go_too_unless_it_appears() throws IOException {
        Path deep = parent.resolve("a").resolve("b").resolve("out");
        Destination target = Destination.check(deep, List.of(parent.resolve("in")), false);
        try (OutputPlace place = OutputPlace.claim(target, notices::add)) {
            fill(place.stage(1), "new");
        }
        assertThat(entries()).isEmpty();
        try (OutputPlace place = OutputPlace.claim(target, notices::add);
                OutputDirectory output = place.stage(1)) {
            fill(output, "new");
            output.commit();
        }
        assertThat(deep.resolve("twofold.json")).hasContent("new");
    }
}
