package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pipeline.Sources;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    @TempDir
    private Path directory;

    private Decoder read(TinyLlama model) throws IOException {
        return Sources.SHIPPED.open(model.write(directory)).decoder();
    }

    private TwofoldException refused(TinyLlama model) throws IOException {
        model.write(directory);
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory));
        assertThat(e).as("accepted").isNotNull();
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        assertThat(e.getMessage()).startsWith(directory.toString());
        return e;
    }

    private static TinyLlama tiny() {
        return TinyLlama.create();
    }

    private static Attention attention(Decoder decoder, int layer) {
        return (Attention) decoder.steps().get(2 * layer).branches().get(0).body();
    }

    private static FeedForward feedForward(Decoder decoder, int layer) {
        return (FeedForward)
                decoder.steps().get(2 * layer + 1).branches().get(0).body();
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void reads_a_sound_checkpoint_as_one_step_an_operator(DType dtype) throws IOException {
        Decoder decoder = read(TinyLlama.of(dtype, 3));
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
        Decoder decoder = read(tiny().tied());
        assertThat(decoder.tied()).isTrue();
        assertThat(decoder.head().weight()).isEqualTo(decoder.embedding().table());
    }

    @Test
    void reads_attention_and_feed_forward_biases() throws IOException {
        Decoder decoder = read(tiny().attentionBias().mlpBias());
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

    @ParameterizedTest
    @CsvSource({"t5", "LLAMA", "llama4", "''"})
    void refuses_an_unknown_model_type_by_name(String family) throws IOException {
        assertThat(refused(tiny().set("model_type", "\"" + family + "\"")))
                .hasMessageContaining("config.json, key model_type")
                .hasMessageContaining("found:    " + family);
    }

    @Test
    void refuses_a_config_without_model_type() throws IOException {
        assertThat(refused(tiny().unset("model_type"))).hasMessageContaining("no model_type");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "vocab_size",
                "max_position_embeddings"
            })
    void refuses_a_config_that_lacks_a_key(String key) throws IOException {
        assertThat(refused(tiny().unset(key)))
                .hasMessageContaining("config.json, key " + key)
                .hasMessageContaining("the key is missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model_type|3",
                "hidden_size|\"64\"",
                "hidden_size|64.0",
                "hidden_size|-64",
                "hidden_size|0",
                "hidden_size|[64]",
                "num_hidden_layers|true",
                "num_attention_heads|99999999999",
                "rms_norm_eps|\"1e-5\"",
                "rms_norm_eps|0",
                "rms_norm_eps|-1e-5",
                "rms_norm_eps|1e999",
                "rope_theta|0",
                "rope_theta|\"10000\"",
                "tie_word_embeddings|\"true\"",
                "tie_word_embeddings|1",
                "attention_bias|0",
                "mlp_bias|\"false\"",
                "hidden_act|1",
                "hidden_act|\"gelu\"",
                "bos_token_id|128",
                "bos_token_id|-1",
                "eos_token_id|[2, 128]",
                "eos_token_id|[[2]]",
                "eos_token_id|\"2\"",
                "eos_token_id|2.0",
                "rope_scaling|3",
                "quantization_config|true"
            })
    void refuses_a_value_of_the_wrong_type_or_range(String key, String value) throws IOException {
        assertThat(refused(tiny().set(key, value))).hasMessageContaining("config.json, key " + key);
    }

    @Test
    void refuses_query_heads_that_do_not_divide_among_kv_heads() throws IOException {
        assertThat(refused(tiny().set("num_key_value_heads", "3")))
                .hasMessageContaining("key num_key_value_heads")
                .hasMessageContaining("4 query heads, 3 KV heads");
        assertThat(refused(tiny().set("num_key_value_heads", "8"))).hasMessageContaining("key num_key_value_heads");
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
        assertThat(attention(read(model), 0).kvHeads()).isEqualTo(TinyLlama.HEADS);
    }

    @Test
    void derives_the_head_size_that_is_absent_or_null() throws IOException {
        assertThat(attention(read(tiny().unset("head_dim")), 0).headSize()).isEqualTo(16);
        assertThat(attention(read(tiny().set("head_dim", "null")), 0).headSize())
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
        Decoder decoder = read(model);
        assertThat(attention(decoder, 2).headSize()).isEqualTo(8);
        assertThat(decoder.rotaries().get(0).width()).isEqualTo(8);
    }

    @Test
    void refuses_a_hidden_size_that_does_not_divide_among_the_heads() throws IOException {
        assertThat(refused(
                        tiny().unset("head_dim").set("num_attention_heads", "6").set("num_key_value_heads", "2")))
                .hasMessageContaining("hidden_size 64, 6 heads");
    }

    @Test
    void refuses_an_odd_head_size() throws IOException {
        assertThat(refused(tiny().set("head_dim", "15"))).hasMessageContaining("key head_dim");
    }

    @Test
    void refuses_quantised_checkpoints_and_those_with_their_own_code() throws IOException {
        assertThat(refused(tiny().set("quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 4}")))
                .hasMessageContaining("key quantization_config")
                .hasMessageContaining("gptq");
        assertThat(refused(tiny().set("auto_map", "{\"AutoModelForCausalLM\": \"modeling.Evil\"}")))
                .hasMessageContaining("auto_map");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sliding_window|4096",
                "logit_scale|0.5",
                "use_qk_norm|true",
                "residual_multiplier|1",
                "no_rope_layers|[1]",
                "attn_logit_softcapping|\"50\""
            })
    void refuses_an_unknown_option_by_name(String key, String value) throws IOException {
        assertThat(refused(tiny().set(key, value)))
                .hasMessageContaining("config.json, key " + key)
                .hasMessageContaining("not supported");
    }

    @Test
    void refuses_layers_of_another_kind_than_full_attention() throws IOException {
        assertThat(refused(tiny().set("layer_types", "[\"full_attention\", \"sliding_attention\"]")))
                .hasMessageContaining("config.json, key layer_types")
                .hasMessageContaining("sliding_attention");
        assertThat(refused(tiny().set("layer_types", "{\"0\": \"full_attention\"}")))
                .hasMessageContaining("not a list of strings");
        assertThat(refused(tiny().set("layer_types", "[\"full_attention\"]")))
                .hasMessageContaining("not a kind for each layer");
        String four = "\"full_attention\"" + ", \"full_attention\"".repeat(3);
        assertThat(read(tiny().set("layer_types", "[" + four + "]")).steps()).hasSize(8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "{}"})
    void accepts_an_unknown_option_that_says_nothing(String value) throws IOException {
        assertThat(read(tiny().set("sliding_window", value)).steps()).hasSize(8);
    }

    @Test
    void accepts_options_that_do_not_change_the_computation() throws IOException {
        Decoder decoder = read(tiny().set("torch_dtype", "\"bfloat16\"")
                .set("transformers_version", "\"4.46.0\"")
                .set("use_cache", "true")
                .set("initializer_range", "0.02")
                .set("pad_token_id", "0")
                .set("attention_dropout", "0.0"));
        assertThat(decoder.steps()).hasSize(8);
    }

    @Test
    void reads_begin_and_end_tokens_as_number_list_null_or_nothing() throws IOException {
        Decoder lists = read(tiny().set("bos_token_id", "[1, 4]").set("eos_token_id", "[2, 127]"));
        assertThat(lists.facts().beginTokens()).containsExactly(1, 4);
        assertThat(lists.facts().endTokens()).containsExactly(2, 127);
        Decoder none = read(tiny().set("bos_token_id", "null").unset("eos_token_id"));
        assertThat(none.facts().beginTokens()).isEmpty();
        assertThat(none.facts().endTokens()).isEmpty();
    }

    @Test
    void generation_config_overrides_the_end_tokens() throws IOException {
        String name = "generation_config.json";
        assertThat(read(tiny().file(name, "{\"eos_token_id\": [5, 6]}")).facts().endTokens())
                .containsExactly(5, 6);
        assertThat(read(tiny().file(name, "{\"eos_token_id\": 7}")).facts().endTokens())
                .containsExactly(7);
        assertThat(read(tiny().file(name, "{\"temperature\": 0.6}")).facts().endTokens())
                .containsExactly(2);
        assertThat(read(tiny().file(name, "{\"eos_token_id\": null}")).facts().endTokens())
                .containsExactly(2);
        assertThat(refused(tiny().file(name, "{\"eos_token_id\": 128}")))
                .hasMessageContaining("generation_config.json, key eos_token_id");
        assertThat(refused(tiny().file(name, "{"))).hasMessageContaining("generation_config.json: not valid JSON");
    }

    @Test
    void takes_a_tied_model_that_stores_its_table_twice() throws IOException {
        float[] table = new float[TinyLlama.VOCABULARY * TinyLlama.HIDDEN];
        TinyLlama twice = tiny().set("tie_word_embeddings", "true")
                .change("model.embed_tokens.weight", values -> System.arraycopy(values, 0, table, 0, table.length))
                .change("lm_head.weight", values -> System.arraycopy(table, 0, values, 0, table.length));
        assertThat(read(twice).tied()).isTrue();
    }

    @Test
    void refuses_a_tied_model_with_a_head_of_its_own() throws IOException {
        assertThat(refused(tiny().set("tie_word_embeddings", "true")))
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
        assertThat(refused(tiny().without(tensor)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("the tensor is missing");
    }

    @Test
    void refuses_a_bias_that_is_missing_or_has_no_place() throws IOException {
        String bias = "model.layers.1.self_attn.o_proj.bias";
        assertThat(refused(tiny().attentionBias().without(bias)))
                .hasMessageContaining("tensor " + bias)
                .hasMessageContaining("missing");
        assertThat(refused(tiny().tensor(bias, DType.F32, new float[64], 64)))
                .hasMessageContaining("tensor " + bias)
                .hasMessageContaining("no place");
    }

    @Test
    void refuses_a_tensor_of_the_wrong_shape_with_both_shapes() throws IOException {
        String tensor = "model.layers.2.mlp.up_proj.weight";
        assertThat(refused(tiny().tensor(tensor, DType.F32, new float[95 * 64], 95, 64)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("found:    [95, 64]")
                .hasMessageContaining("[96, 64] from config.json");
        assertThat(refused(tiny().tensor(tensor, DType.F32, new float[96 * 64], 64, 96)))
                .hasMessageContaining("found:    [64, 96]");
        assertThat(refused(tiny().tensor(tensor, DType.F32, new float[96 * 64], 96, 64, 1)))
                .hasMessageContaining("found:    [96, 64, 1]");
    }

    @Test
    void refuses_a_tensor_that_the_model_does_not_use() throws IOException {
        assertThat(refused(tiny().tensor("model.layers.4.mlp.up_proj.weight", DType.F32, new float[4], 4)))
                .hasMessageContaining("tensor model.layers.4.mlp.up_proj.weight")
                .hasMessageContaining("no place");
    }

    @Test
    void ignores_the_rotary_buffers_of_old_checkpoints() throws IOException {
        TinyLlama model = tiny().tensor("model.layers.0.self_attn.rotary_emb.inv_freq", DType.F32, new float[8], 8);
        assertThat(read(model).steps()).hasSize(8);
    }

    @Test
    void refuses_weights_that_are_integers() throws IOException {
        String tensor = "model.layers.1.self_attn.q_proj.weight";
        assertThat(refused(tiny().raw(tensor, DType.I8, new byte[64 * 64], 64, 64)))
                .hasMessageContaining("tensor " + tensor)
                .hasMessageContaining("found:    I8");
        assertThat(refused(tiny().raw(tensor, DType.F64, new byte[64 * 64 * 8], 64, 64)))
                .hasMessageContaining("found:    F64");
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

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{\"a\": 1, \"a\": 2}", "{} {}", "{\"a\": NaN}", "{'a': 1}"})
    void refuses_a_config_that_is_not_one_json_object(String text) throws IOException {
        assertThat(refused(tiny().file("config.json", text))).hasMessageContaining("config.json");
    }

    @Test
    void reads_the_test_model_of_this_repository() {
        Decoder decoder = Sources.SHIPPED.open(Path.of("testmodels/novels-13m")).decoder();
        assertThat(decoder.facts().layers()).isEqualTo(16);
        assertThat(decoder.steps()).hasSize(32);
    }
}
