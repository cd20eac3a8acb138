package dev.twofold.source.huggingface;

import static dev.twofold.source.huggingface.TinyCheckpoint.attention;
import static dev.twofold.source.huggingface.TinyCheckpoint.tiny;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Decoder;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many heads there are and how long, by keys that may be left out. */
final class HeadShapesTest {

    @TempDir
    private Path directory;

    private TinyCheckpoint checkpoint = new TinyCheckpoint(Path.of(""));

    @BeforeEach
    void create() {
        checkpoint = new TinyCheckpoint(directory);
    }

    @Test
    void refuses_query_heads_that_do_not_divide_among_kv_heads() throws IOException {
        assertThat(checkpoint.refused(tiny().set("num_key_value_heads", "3")))
                .hasMessageContaining("key num_key_value_heads")
                .hasMessageContaining("4 query heads, 3 KV heads");
        assertThat(checkpoint.refused(tiny().set("num_key_value_heads", "8")))
                .hasMessageContaining("key num_key_value_heads");
    }

    @Test
    void without_kv_heads_every_query_head_has_its_own() throws IOException {
        TinyLlama model = tiny().unset("num_key_value_heads");
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            for (String projection : List.of("k_proj", "v_proj")) {
                model.tensor(
                        TinyLlama.name(layer, "self_attn." + projection + ".weight"),
                        DType.F32,
                        new float[64 * 64],
                        64,
                        64);
            }
        }
        assertThat(attention(checkpoint.read(model), 0).kvHeads()).isEqualTo(TinyLlama.HEADS);
    }

    @Test
    void derives_the_head_size_that_is_absent_or_null() throws IOException {
        assertThat(attention(checkpoint.read(tiny().unset("head_dim")), 0).headSize())
                .isEqualTo(16);
        assertThat(attention(checkpoint.read(tiny().set("head_dim", "null")), 0).headSize())
                .isEqualTo(16);
    }

    @Test
    void a_head_size_that_is_given_need_not_follow_from_the_hidden_size() throws IOException {
        TinyLlama model = tiny().set("head_dim", "8");
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            model.tensor(TinyLlama.name(layer, "self_attn.q_proj.weight"), DType.F32, new float[32 * 64], 32, 64)
                    .tensor(TinyLlama.name(layer, "self_attn.k_proj.weight"), DType.F32, new float[16 * 64], 16, 64)
                    .tensor(TinyLlama.name(layer, "self_attn.v_proj.weight"), DType.F32, new float[16 * 64], 16, 64)
                    .tensor(TinyLlama.name(layer, "self_attn.o_proj.weight"), DType.F32, new float[64 * 32], 64, 32);
        }
        Decoder decoder = checkpoint.read(model);
        assertThat(attention(decoder, 2).headSize()).isEqualTo(8);
        assertThat(decoder.rotaries().get(0).width()).isEqualTo(8);
    }

    @Test
    void refuses_a_hidden_size_that_does_not_divide_among_the_heads() throws IOException {
        assertThat(checkpoint.refused(
                        tiny().unset("head_dim").set("num_attention_heads", "6").set("num_key_value_heads", "2")))
                .hasMessageContaining("hidden_size 64, 6 heads");
    }

    @Test
    void refuses_an_odd_head_size() throws IOException {
        assertThat(checkpoint.refused(tiny().set("head_dim", "15"))).hasMessageContaining("key head_dim");
    }
}
