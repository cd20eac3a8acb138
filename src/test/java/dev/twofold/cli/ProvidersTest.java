package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can run models on this machine. */
final class ProvidersTest {

    @TempDir
    private Path directory;

    @Test
    void the_cpu_is_ready_and_what_is_missing_says_what_to_install() {
        JsonNode document =
                CommandRun.succeeding("providers", "--format", "json").json();
        assertThat(document.get("runtime").asText()).startsWith("ONNX Runtime 1.");
        assertThat(document.at("/providers/0/name").asText()).isEqualTo("cpu");
        assertThat(document.at("/providers/0/usable").asBoolean()).isTrue();
        assertThat(document.at("/providers/0/devices/0").asText()).contains("CPU", " cores");
        for (JsonNode provider : document.get("providers")) {
            assertThat(provider.get("usable").asBoolean())
                    .as(provider.toString())
                    .isEqualTo(provider.get("missing").asText().isEmpty())
                    .isNotEqualTo(provider.get("devices").isEmpty());
        }
    }

    @Test
    void a_library_that_is_no_provider_is_told_apart_from_one_that_is_not_there() throws Exception {
        Path library = Files.writeString(directory.resolve("libnone.so"), "not a library");
        String refused =
                CommandRun.succeeding("providers", "--plugin", "mlx=" + library).out();
        assertThat(refused).contains("mlx      missing", "does not take the library as a provider", "libnone.so");
        String missing = CommandRun.succeeding("providers", "--plugin", "mlx=" + directory.resolve("no.so"))
                .out();
        assertThat(missing).contains("the library of the provider mlx is missing", "no.so", "onnxruntime-ep-mlx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rocm", "cuda=lib.so", "=lib.so", "webgpu=", "a b=lib.so"})
    void what_is_no_provider_is_refused(String name) {
        CommandRun run = CommandRun.of("providers", "--plugin", name);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("'" + name + "' is not ");
    }
}
