package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.twofold.decoder.Embedding;
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

    @TempDir
    private Path directory;

    /** Gemma 2 under another name, described as Gemma 2 with a difference. */
    private Path describe(String difference) throws IOException {
        EditedFamily checkpoint = EditedFamily.copy("gemma2", directory.resolve("own"))
                .with("model_type", JsonNodeFactory.instance.textNode("my_own"));
        Files.writeString(checkpoint.directory().resolve("twofold-family.yaml"), "like: gemma2\n" + difference + "\n");
        return checkpoint.directory();
    }

    @Test
    void a_model_type_of_ones_own_is_read_by_the_file_beside_it() throws IOException {
        Path own = describe("covers: My own");
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
                "attention: {scale: {power: minus-half}} | power should be a number",
                "norm: {kind: cube}                      | line 2: wrong value for norm.kind",
                "norm: {epsilon: small}                  | a positive number",
                "embedding: {tied: \"true\"}              | true or false",
                "names: {layer: layers.}                 | {layer}",
                "runtime-tip: gemma2                     | line 2: unknown key 'runtime-tip'",
                "runtime-tip: gemma2                     | runtime-type",
                "attention: {outputs: self_attn.o_proj}  | did you mean 'output'?",
                "attention: {output: null}               | the key output is missing",
                "sizes: {hidden: [1]}                    | a positive whole number",
                "like: gemma3                            | like",
                "refused: {x: {unless: [1]}}             | the key because is missing",
                "refused: {x: {because: y, unles: [1]}}  | an unknown key 'unles'"
            })
    void a_value_of_the_wrong_kind_is_refused(String difference, String expected) throws IOException {
        Path own = describe(difference);
        assertThatThrownBy(() -> Sources.SHIPPED.open(own))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("twofold-family.yaml")
                .hasMessageContaining(expected);
    }

    @Test
    void what_differs_counts_and_the_rest_is_inherited() throws IOException {
        Embedding described = Sources.SHIPPED
                .open(describe("embedding: {scale: null}"))
                .decoder()
                .embedding();
        Embedding shipped = Sources.SHIPPED
                .open(TinyFamilies.checkpoint("gemma2"))
                .decoder()
                .embedding();
        assertThat(shipped.scale()).isGreaterThan(1);
        assertThat(described.scale()).isEqualTo(1);
        assertThat(described.table().shape()).isEqualTo(shipped.table().shape());
    }
}
