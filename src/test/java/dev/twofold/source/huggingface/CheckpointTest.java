package dev.twofold.source.huggingface;

import static dev.twofold.source.huggingface.TinyCheckpoint.attention;
import static dev.twofold.source.huggingface.TinyCheckpoint.feedForward;
import static dev.twofold.source.huggingface.TinyCheckpoint.tiny;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a sound checkpoint is read as. */
final class CheckpointTest {

    @TempDir
    private Path directory;

    private TinyCheckpoint checkpoint = new TinyCheckpoint(Path.of(""));

    @BeforeEach
    void create() {
        checkpoint = new TinyCheckpoint(directory);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void reads_a_sound_checkpoint_as_one_step_an_operator(DType dtype) throws IOException {
        Decoder decoder = checkpoint.read(TinyLlama.of(dtype, 3));
        assertThat(decoder.steps()).hasSize(2 * TinyLlama.LAYERS);
        assertThat(decoder.effectiveDepth()).isEqualTo(TinyLlama.LAYERS);
        assertThat(decoder.tied()).isFalse();
        assertThat(decoder.facts().layers()).isEqualTo(TinyLlama.LAYERS);
        assertThat(decoder.facts().contextLength()).isEqualTo(TinyLlama.CONTEXT);
        assertThat(decoder.facts().beginTokens()).containsExactly(1);
        assertThat(decoder.facts().endTokens()).containsExactly(2);
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            assertThat(attention(decoder, layer).members())
                    .containsExactly(new Attention.Heads(layer, TinyLlama.HEADS, TinyLlama.KV_HEADS));
            assertThat(attention(decoder, layer).key().weight().shape())
                    .isEqualTo(Shape.of(TinyLlama.KV_HEADS * TinyLlama.HEAD_SIZE, TinyLlama.HIDDEN));
            assertThat(feedForward(decoder, layer).down().weight().shape())
                    .isEqualTo(Shape.of(TinyLlama.HIDDEN, TinyLlama.FEED_FORWARD));
            assertThat(feedForward(decoder, layer).down().bias()).isEmpty();
        }
    }

    @Test
    void the_head_of_a_tied_model_is_its_embedding() throws IOException {
        Decoder decoder = checkpoint.read(tiny().tied());
        assertThat(decoder.tied()).isTrue();
        assertThat(decoder.head().weight()).isEqualTo(decoder.embedding().table());
    }

    @Test
    void reads_attention_and_feed_forward_biases() throws IOException {
        Decoder decoder = checkpoint.read(tiny().attentionBias().mlpBias());
        assertThat(attention(decoder, 3).key().bias().orElseThrow().shape())
                .isEqualTo(Shape.of(TinyLlama.KV_HEADS * TinyLlama.HEAD_SIZE));
        assertThat(attention(decoder, 3).output().bias()).isPresent();
        assertThat(feedForward(decoder, 3)
                        .gate()
                        .orElseThrow()
                        .bias()
                        .orElseThrow()
                        .shape())
                .isEqualTo(Shape.of(TinyLlama.FEED_FORWARD));
        assertThat(feedForward(decoder, 3).down().bias()).isPresent();
    }

    @Test
    void reads_begin_and_end_tokens_as_number_list_null_or_nothing() throws IOException {
        Decoder lists = checkpoint.read(tiny().set("bos_token_id", "[1, 4]").set("eos_token_id", "[2, 127]"));
        assertThat(lists.facts().beginTokens()).containsExactly(1, 4);
        assertThat(lists.facts().endTokens()).containsExactly(2, 127);
        Decoder none = checkpoint.read(tiny().set("bos_token_id", "null").unset("eos_token_id"));
        assertThat(none.facts().beginTokens()).isEmpty();
        assertThat(none.facts().endTokens()).isEmpty();
    }

    @Test
    void generation_config_overrides_the_end_tokens() throws IOException {
        String name = "generation_config.json";
        assertThat(checkpoint
                        .read(tiny().file(name, "{\"eos_token_id\": [5, 6]}"))
                        .facts()
                        .endTokens())
                .containsExactly(5, 6);
        assertThat(checkpoint
                        .read(tiny().file(name, "{\"eos_token_id\": 7}"))
                        .facts()
                        .endTokens())
                .containsExactly(7);
        assertThat(checkpoint
                        .read(tiny().file(name, "{\"temperature\": 0.6}"))
                        .facts()
                        .endTokens())
                .containsExactly(2);
        assertThat(checkpoint
                        .read(tiny().file(name, "{\"eos_token_id\": null}"))
                        .facts()
                        .endTokens())
                .containsExactly(2);
        assertThat(checkpoint.refused(tiny().file(name, "{\"eos_token_id\": 128}")))
                .hasMessageContaining("generation_config.json, key eos_token_id");
        assertThat(checkpoint.refused(tiny().file(name, "{")))
                .hasMessageContaining("generation_config.json: not valid JSON");
    }

    @Test
    void refuses_a_directory_that_is_missing_or_a_file_or_has_no_config() throws IOException {
        Path missing = directory.resolve("missing");
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(missing)))
                .hasMessageContaining(missing + ": the checkpoint does not exist");
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(file)))
                .hasMessageContaining(file + ": not a model that Twofold reads");
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("config.json: the file is missing");
    }

    @Test
    void reads_the_test_model_of_this_repository() {
        Decoder decoder = Sources.SHIPPED.open(Path.of("testmodels/novels-13m")).decoder();
        assertThat(decoder.facts().layers()).isEqualTo(16);
        assertThat(decoder.steps()).hasSize(32);
    }
}
