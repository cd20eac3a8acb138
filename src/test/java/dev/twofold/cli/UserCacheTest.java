package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class UserCacheTest {

    @Test
    void the_systems_directory_for_caches_comes_first_then_the_home() {
        assertThat(UserCache.directory("/caches", "/home/a")).contains(Path.of("/caches/twofold"));
        assertThat(UserCache.directory(null, "/home/a")).contains(Path.of("/home/a/.cache/twofold"));
        assertThat(UserCache.directory("", "/home/a")).contains(Path.of("/home/a/.cache/twofold"));
    }

    @Test
    void a_user_whom_the_system_does_not_know_gets_no_directory_named_question_mark() {
        assertThat(UserCache.directory(null, "?", "/home/someone")).contains(Path.of("/home/someone/.cache/twofold"));
        assertThat(UserCache.directory(null, "?", null)).isEmpty();
        assertThat(UserCache.directory("relative", "?")).isEmpty();
    }
}
