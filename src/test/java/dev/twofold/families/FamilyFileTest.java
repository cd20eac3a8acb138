package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A family that a checkpoint describes itself. */
final class FamilyFileTest {

    private static final Path SHIPPED = Path.of("src/main/resources/dev/twofold/families");

    @TempDir
    private Path directory;

    private Path describe(String from, String to) throws IOException {
        EditedFamily checkpoint = EditedFamily.copy("gemma2", directory.resolve("own"))
                .with("model_type", JsonNodeFactory.instance.textNode("my_own"));
        String shipped = Files.readString(SHIPPED.resolve("gemma2.yaml"));
        assertThat(shipped).contains(from);
        Files.writeString(checkpoint.directory().resolve("twofold-family.yaml"), shipped.replace(from, to));
        return checkpoint.directory();
    }

    @Test
    void a_model_type_of_ones_own_is_read_by_the_file_beside_it() throws IOException {
        Path own = describe("covers: Gemma 2", "covers: My own");
        List<Step> described = Sources.SHIPPED.open(own).decoder().steps();
        Files.delete(own.resolve("twofold-family.yaml"));
        Files.copy(
                TinyFamilies.checkpoint("gemma2").resolve("config.json"),
                own.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(Sources.SHIPPED.open(own).decoder().steps().equals(described))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "power: -0.5                          | power: minus-half                       | power should be a number",
                "norm: {kind: rms,                    | norm: {kind: cube,                      | cube",
                "epsilon: {key: rms_norm_eps, default: 0.000001} | epsilon: small               | a positive number",
                "{key: tie_word_embeddings, default: true}       | \"true\"                     | true or false",
                "layer: layers.{layer}.               | layer: layers.                          | {layer}",
                "runtime-type: gemma2                 | runtime-tip: gemma2                     | runtime-type",
                "output: self_attn.o_proj             | outputs: self_attn.o_proj               | output",
                "hidden: {key: hidden_size}           | hidden: [1]                             | a positive whole number"
            })
    void a_value_of_the_wrong_kind_is_refused(String from, String to, String expected) throws IOException {
        Path own = describe(from, to);
        assertThatThrownBy(() -> Sources.SHIPPED.open(own))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("twofold-family.yaml")
                .hasMessageContaining(expected);
    }
}
