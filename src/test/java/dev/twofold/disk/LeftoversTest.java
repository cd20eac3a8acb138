package dev.twofold.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every state of the disk that a conversion can be killed in, and what the next one makes of it. */
final class LeftoversTest {

    private static final String FOREIGN_HOST = "0badcafe";

    @TempDir
    private Path parent;

    private final List<String> notices = new ArrayList<>();

    private Path out() {
        return parent.resolve("out");
    }

    private Destination target(boolean force) {
        return Destination.check(out(), List.of(parent.resolve("in")), force);
    }

    /** What is there after the next conversion has begun, and ended without an output. */
    private List<String> settled(boolean force) throws IOException {
        OutputPlace.claim(target(force), notices::add).close();
        try (Stream<Path> paths = Files.walk(parent)) {
            return paths.skip(1)
                    .map(path -> parent.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    private Path staged(String suffix) {
        Path staging = Leftovers.stagingPath(target(true), parent);
        return staging.resolveSibling(staging.getFileName() + suffix);
    }

    private static Path output(Path directory, String text) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("model.onnx"), text);
        Files.writeString(directory.resolve("twofold.json"), text);
        return directory;
    }

    @Test
    void an_output_that_was_being_filled_is_removed() throws IOException {
        Files.writeString(Files.createDirectory(staged("")).resolve("model.onnx.data"), "half");
        output(staged(""), "whole, but not moved");
        assertThat(settled(false)).isEmpty();
        assertThat(notices).hasSize(2).allMatch(notice -> notice.contains("removed what a conversion that was killed"));
    }

    @Test
    void an_output_that_was_moved_aside_goes_back() throws IOException {
        output(staged("-old"), "earlier");
        output(staged(""), "new");
        assertThat(settled(true)).containsExactly("out", "out/model.onnx", "out/twofold.json");
        assertThat(out().resolve("twofold.json")).hasContent("earlier");
        assertThat(notices).anyMatch(notice -> notice.contains("the earlier output is back in its place"));
    }

    @Test
    void an_output_that_went_back_is_not_replaced_without_force() throws IOException {
        output(staged("-old"), "earlier");
        assertThatThrownBy(() -> settled(false))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("already exists");
        assertThat(out().resolve("twofold.json")).hasContent("earlier");
        assertThat(parent.toFile().list()).containsExactly("out");
    }

    @Test
    void an_output_that_was_replaced_is_removed() throws IOException {
        output(out(), "new");
        output(staged("-old"), "earlier");
        assertThat(settled(true)).containsExactly("out", "out/model.onnx", "out/twofold.json");
        assertThat(out().resolve("twofold.json")).hasContent("new");
    }

    @Test
    void what_was_being_deleted_is_never_put_back() throws IOException {
        Files.createDirectory(staged("-trash"));
        output(staged("-trash"), "half");
        assertThat(settled(true)).isEmpty();
    }

    @Test
    void an_earlier_output_is_kept_if_something_else_is_in_its_place() throws IOException {
        Destination target = target(true);
        Path old = output(staged("-old"), "earlier");
        Files.createDirectory(out());
        Files.writeString(out().resolve("thesis.txt"), "years of work");
        assertThatThrownBy(() -> OutputPlace.claim(target, notices::add)).hasMessageContaining("no twofold.json");
        assertThat(old.resolve("twofold.json")).hasContent("earlier");
        assertThat(notices).anyMatch(notice -> notice.contains("something else is in its place"));
    }

    @Test
    void a_conversion_on_another_host_may_be_running_unless_nothing_changed_for_a_day() throws IOException {
        String name = staged("").getFileName().toString();
        String prefix = ".out.twofold-";
        Path foreign = output(
                parent.resolve(prefix + FOREIGN_HOST + name.substring(prefix.length() + FOREIGN_HOST.length())), "new");
        assertThat(settled(false)).hasSize(3);
        assertThat(notices).anyMatch(notice -> notice.contains("on another host, which may be running still"));
        FileTime twoDaysAgo = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        Files.setLastModifiedTime(foreign.resolve("model.onnx"), twoDaysAgo);
        Files.setLastModifiedTime(foreign, twoDaysAgo);
        assertThat(settled(false)).as("one file is new").hasSize(3);
        Files.setLastModifiedTime(foreign.resolve("twofold.json"), twoDaysAgo);
        assertThat(settled(false)).isEmpty();
    }

    @Test
    void what_only_looks_alike_is_left_alone() throws IOException {
        List<String> others = List.of(
                ".out.twofold-notes", ".out2.twofold-0badcafe-00000000-0000-0000-0000-000000000000", ".out.twofold-");
        for (String name : others) {
            Files.createDirectory(parent.resolve(name));
        }
        Files.createFile(staged(""));
        Files.createSymbolicLink(staged(""), Files.createDirectory(parent.resolve("linked")));
        assertThat(settled(true)).hasSize(6);
        assertThat(notices).isEmpty();
    }

    @Test
    void a_second_conversion_to_the_same_place_is_refused_and_disturbs_nothing() throws IOException {
        try (OutputPlace place = OutputPlace.claim(target(true), notices::add);
                OutputDirectory output = place.stage(1)) {
            output(output.path(), "first");
            assertThatThrownBy(() -> OutputPlace.claim(target(true), notices::add))
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("another conversion is writing this output")
                    .satisfies(e ->
                            assertThat(((TwofoldException) e).kind()).isEqualTo(TwofoldException.Kind.ENVIRONMENT));
            OutputPlace.claim(Destination.check(parent.resolve("other"), List.of(), false), notices::add)
                    .close();
            output.commit();
        }
        assertThat(out().resolve("twofold.json")).hasContent("first");
        assertThat(parent.toFile().list()).containsExactly("out");
    }

    @Test
    void a_lock_that_a_dead_conversion_left_is_taken_over() throws IOException {
        Files.createFile(parent.resolve(".out.twofold.lock"));
        assertThat(settled(false)).isEmpty();
    }
}
