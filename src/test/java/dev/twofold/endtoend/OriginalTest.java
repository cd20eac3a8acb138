package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.testing.Novels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that was made shallower, written for training, and came back, is measured beside what it began with. */
final class OriginalTest {

    @TempDir
    private static Path directory;

    private static Path paired;
    private static Path checkpoint;
    private static Path back;

    @BeforeAll
    static void convert() {
        paired = convert(Novels.CHECKPOINT, "paired", "--pairs", "4-5");
        checkpoint = convert(Novels.CHECKPOINT, "checkpoint", "--pairs", "4-5", "--target", "transformers");
        back = convert(checkpoint, "back", "--window", "0:0");
    }

    private static Path convert(Path source, String name, String... options) {
        Path output = directory.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of("convert", source, "-o", output, "--quiet"));
        arguments.addAll(List.of(options));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }

    private static Object[] validation(Path output, Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("validate", output, "--tokens", 512, "--format", "json"));
        arguments.addAll(List.of(options));
        return arguments.toArray();
    }

    private static JsonNode validate(Path output, Object... options) {
        return CommandRun.succeeding(validation(output, options)).json();
    }

    @Test
    void quality_is_what_it_was_when_the_model_was_made_shallower() {
        JsonNode before = validate(paired, "--against", Novels.CHECKPOINT);
        JsonNode after = validate(back, "--against", checkpoint, "--original", Novels.CHECKPOINT);
        for (String figure : List.of("baseLoss", "loss", "kl")) {
            assertThat(after.at("/quality/" + figure).doubleValue())
                    .as(figure)
                    .isCloseTo(before.at("/quality/" + figure).doubleValue(), within(1e-5));
        }
        assertThat(after.at("/quality/kl").doubleValue()).isGreaterThan(1e-4);
        assertThat(after.get("passed").booleanValue()).isTrue();
    }

    @Test
    void without_it_the_model_is_measured_beside_what_it_was_converted_from() {
        assertThat(validate(back, "--against", checkpoint).at("/quality/kl").doubleValue())
                .isLessThan(1e-6);
    }

    @Test
    void an_original_with_other_tokens_is_refused() {
        CommandRun refused = CommandRun.of(
                validation(back, "--against", checkpoint, "--original", TinyFamilies.checkpoint("llama2")));
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("the original", "--original");
    }
}
