package dev.twofold.source.huggingface;

import static dev.twofold.source.huggingface.TinyCheckpoint.tiny;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tensors a checkpoint must have and of what shape and type, and which it must not have. */
final class CheckpointTensorsTest {

    @TempDir
    private Path directory;

    private TinyCheckpoint checkpoint = new TinyCheckpoint(Path.of(""));

    @BeforeEach
    void create() {
        checkpoint = new TinyCheckpoint(directory);
    }

    @Test
    void takes_a_tied_model_that_stores_its_table_twice() throws IOException {
        float[] table = new float[TinyLlama.VOCABULARY * TinyLlama.HIDDEN];
        TinyLlama twice = tiny().set("tie_word_embeddings", "true")
                .change("model.embed_tokens.weight", values -> System.arraycopy(values, 0, table, 0, table.length))
                .change("lm_head.weight", values -> System.arraycopy(table, 0, values, 0, table.length));
        assertThat(checkpoint.read(twice).tied()).isTrue();
    }

    @Test
    void refuses_a_tied_model_with_a_head_of_its_own() throws IOException {
        assertThat(checkpoint.refused(tiny().set("tie_word_embeddings", "true")))
                .hasMessageContaining("tensor lm_head.weight")
                .hasMessageContaining("set tie_word_embeddings to false");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lm_head.weight",
                "model.embed_tokens.weight",
                "model.norm.weight",
                "model.layers.0.input_layernorm.weight",
                "model.layers.2.self_attn.k_proj.weight",
                "model.layers.3.mlp.down_proj.weight"
            })
    void refuses_a_checkpoint_that_lacks_a_tensor(String tensor) throws IOException {
        assertThat(checkpoint.refused(tiny().without(tensor)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("the tensor is missing");
    }

    @Test
    void refuses_a_bias_that_is_missing_or_has_no_place() throws IOException {
        String bias = "model.layers.1.self_attn.o_proj.bias";
        assertThat(checkpoint.refused(tiny().attentionBias().without(bias)))
                .hasMessageContaining("tensor " + bias)
                .hasMessageContaining("missing");
        assertThat(checkpoint.refused(tiny().tensor(bias, DType.F32, new float[64], 64)))
                .hasMessageContaining("tensor " + bias)
                .hasMessageContaining("no place");
    }

    @Test
    void refuses_a_tensor_of_the_wrong_shape_with_both_shapes() throws IOException {
        String tensor = "model.layers.2.mlp.up_proj.weight";
        assertThat(checkpoint.refused(tiny().tensor(tensor, DType.F32, new float[95 * 64], 95, 64)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("found:    [95, 64]")
                .hasMessageContaining("[96, 64] from config.json");
        assertThat(checkpoint.refused(tiny().tensor(tensor, DType.F32, new float[96 * 64], 64, 96)))
                .hasMessageContaining("found:    [64, 96]");
        assertThat(checkpoint.refused(tiny().tensor(tensor, DType.F32, new float[96 * 64], 96, 64, 1)))
                .hasMessageContaining("found:    [96, 64, 1]");
    }

    @Test
    void refuses_a_tensor_that_the_model_does_not_use() throws IOException {
        assertThat(checkpoint.refused(tiny().tensor("model.layers.4.mlp.up_proj.weight", DType.F32, new float[4], 4)))
                .hasMessageContaining("tensor model.layers.4.mlp.up_proj.weight")
                .hasMessageContaining("no place");
    }

    @Test
    void ignores_the_rotary_buffers_of_old_checkpoints() throws IOException {
        TinyLlama model = tiny().tensor("model.layers.0.self_attn.rotary_emb.inv_freq", DType.F32, new float[8], 8);
        assertThat(checkpoint.read(model).steps()).hasSize(8);
    }

    @Test
    void refuses_weights_that_are_integers() throws IOException {
        String tensor = "model.layers.1.self_attn.q_proj.weight";
        assertThat(checkpoint.refused(tiny().raw(tensor, DType.I8, new byte[64 * 64], 64, 64)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("found:    I8");
        assertThat(checkpoint.refused(tiny().raw(tensor, DType.I64, new byte[64 * 64 * 8], 64, 64)))
                .hasMessageContaining("found:    I64");
    }
}
