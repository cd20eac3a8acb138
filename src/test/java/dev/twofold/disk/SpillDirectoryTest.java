package dev.twofold.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.testing.ForkedJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpillDirectoryTest {

    private static final String PREFIX = "spill-";

    @TempDir
    private Path parent;

    /** Makes a directory, and stays alive. */
    public static final class Spilling {
        public static void main(String[] arguments) throws IOException, InterruptedException {
            SpillDirectory directory = SpillDirectory.create(Path.of(arguments[0]), PREFIX);
            Files.writeString(directory.path().resolve("0.f32"), "weights");
            age(directory.path());
            ForkedJvm.ready();
        }
    }

    private static void age(Path directory) throws IOException {
        Files.setLastModifiedTime(directory, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    }

    @Test
    void it_is_gone_when_it_is_closed() throws IOException {
        SpillDirectory directory = SpillDirectory.create(parent, PREFIX);
        Files.writeString(directory.path().resolve("0.f32"), "weights");
        directory.close();
        directory.close();
        assertThat(parent.toFile().list()).isEmpty();
    }

    @Test
    void that_of_a_living_process_stays_and_that_of_a_killed_one_goes() throws Exception {
        ForkedJvm other = ForkedJvm.start(Spilling.class, parent);
        SpillDirectory.create(parent, PREFIX).close();
        assertThat(parent.toFile().list()).as("the other process lives").hasSize(1);
        other.kill();
        SpillDirectory.create(parent, PREFIX).close();
        assertThat(parent.toFile().list()).isEmpty();
    }

    @Test
    void one_that_may_not_have_its_lock_yet_and_other_directories_stay() throws IOException {
        Files.createDirectory(parent.resolve("spill-1.1-new"));
        age(Files.createDirectory(parent.resolve("else")));
        SpillDirectory.create(parent, PREFIX).close();
        assertThat(parent.toFile().list()).hasSize(2);
    }

    /** Whoever may write to a shared directory for temporary files can put a pipe there, which nobody ever writes to. */
    @Test
    void a_lock_that_is_no_file_is_left_alone_and_not_waited_for() throws Exception {
        Path strange = Files.createDirectory(parent.resolve("spill-1.1-strange"));
        Path pipe = strange.resolve("lock");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Path work = Files.writeString(strange.resolve("thesis.txt"), "years of work");
        age(strange);
        SpillDirectory.create(parent, PREFIX).close();
        assertThat(work).exists();
        assertThatThrownBy(() -> LockFile.tryTake(pipe))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("pipe");
        Path link = Files.createSymbolicLink(parent.resolve("link"), work);
        assertThatThrownBy(() -> LockFile.tryTake(link)).isInstanceOf(IOException.class);
    }

    @Test
    void a_lock_is_had_once_and_leaves_nothing() throws IOException {
        Path file = parent.resolve("lock");
        LockFile lock = LockFile.tryTake(file).orElseThrow();
        assertThat(LockFile.tryTake(file)).isEqualTo(Optional.empty());
        lock.close();
        assertThat(file).doesNotExist();
        LockFile.tryTake(file).orElseThrow().close();
    }
}
