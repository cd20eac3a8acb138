package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys that published checkpoints have besides those of our own tiny ones, and values of them that mean another model. */
final class PublishedConfigsTest {

    @TempDir
    private Path directory;

    private Path with(String tiny, String keys) throws IOException {
        Path copy = Files.createDirectory(directory.resolve(tiny));
        try (Stream<Path> files = Files.list(TinyFamilies.checkpoint(tiny))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        Path config = copy.resolve("config.json");
        ObjectMapper json = new ObjectMapper();
        ObjectNode changed = (ObjectNode) json.readTree(config.toFile());
        changed.setAll((ObjectNode) json.readTree(keys));
        json.writeValue(config.toFile(), changed);
        return copy;
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '#',
            value = {
                "gpt2; {`n_special`: 0, `predict_special_tokens`: true, `output_past`: true}",
                "gpt2; {`_num_labels`: 1, `id2label`: {`0`: `LABEL_0`}, `label2id`: {`LABEL_0`: 0}, `scale_attn_weights`: true}",
                "gpt_neox; {`attention_probs_dropout_prob`: 0, `hidden_dropout_prob`: 0}",
                "qwen3_moe; {`shared_expert_intermediate_size`: 0, `use_qk_norm`: true, `qkv_bias`: false}",
                "cohere2; {`use_parallel_embedding`: true, `use_parallel_block`: true, `use_gated_activation`: true}",
                "llama2; {`_attn_implementation_autoset`: true, `_flash_attn_2_enabled`: false}",
                "llama2; {`diversity_penalty`: 0.0, `encoder_no_repeat_ngram_size`: 0, `remove_invalid_values`: false}",
                "llama2; {`is_llama_config`: true, `rope_interleaved`: false, `transformers.js_config`: {`dtype`: `q4`}}",
                "deepseek_v3; {`ep_size`: 1, `aux_loss_alpha`: 0.001, `seq_aux`: true, `num_key_value_heads`: 4, `head_dim`: 16}",
                "deepseek_v3; {`auto_map`: {`AutoModelForCausalLM`: `modeling_deepseek.DeepseekV3ForCausalLM`}}",
                "deepseek_v2; {`topk_method`: `group_limited_greedy`, `ep_size`: 1, `seq_aux`: true, `qk_head_dim`: 32}",
                "llama2; {`is_causal`: true, `is_decoder`: true, `add_cross_attention`: false, `temperature`: 0.6}"
            })
    void keys_that_change_nothing_are_taken(String tiny, String keys) throws IOException {
        Decoder plain = Sources.SHIPPED.open(with(tiny, "{}")).decoder();
        Files.move(directory.resolve(tiny), directory.resolve("plain"));
        Decoder published =
                Sources.SHIPPED.open(with(tiny, keys.replace('`', '"'))).decoder();
        assertThat(published.steps()).hasSameSizeAs(plain.steps());
        assertThat(published.finalNorm().epsilon()).isEqualTo(plain.finalNorm().epsilon());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '#',
            value = {
                "gpt2; {`scale_attn_weights`: false}; scale_attn_weights",
                "gpt2; {`scale_attn_by_inverse_layer_idx`: true}; scale_attn_by_inverse_layer_idx",
                "starcoder2; {`scale_attn_weights`: false}; scale_attn_weights",
                "llama2; {`is_causal`: false}; is_causal",
                "llama2; {`rope_interleaved`: true}; rope_interleaved",
                "llama2; {`auto_map`: {`AutoModel`: `modeling.Own`}}; own code",
                "gemma3; {`layer_types`: [`full_attention`]}; layer_types",
                "qwen3; {`is_causal`: false}; is_causal",
                "qwen2; {`use_bidirectional_attention`: true}; use_bidirectional_attention",
                "qwen3_moe; {`shared_expert_intermediate_size`: 64}; shared_expert_intermediate_size",
                "qwen3_moe; {`use_qk_norm`: false}; use_qk_norm",
                "cohere2; {`use_parallel_block`: false}; use_parallel_block",
                "cohere2; {`use_gated_activation`: false}; use_gated_activation",
                "gpt_neox; {`rope_theta`: 77}; rotary_emb_base",
                "deepseek_v2; {`norm_topk_prob`: true}; norm_topk_prob",
                "deepseek_v2; {`topk_method`: `noaux_tc`}; topk_method",
                "deepseek_v2; {`moe_layer_freq`: 2}; moe_layer_freq",
                "deepseek_v3; {`scoring_func`: `softmax`}; scoring_func",
                "deepseek_v3; {`num_key_value_heads`: 2}; heads with keys made of a latent share none",
                "deepseek_v3; {`n_group`: 3}; wrong groups of experts",
                "deepseek_v3; {`num_experts_per_tok`: 5}; wrong groups a token",
                "deepseek_v3; {`v_head_dim`: 40}; values wider than keys",
                "bloom; {`apply_residual_connection_post_layernorm`: true}; apply_residual_connection_post_layernorm",
                "mpt; {`attn_config`: {`alibi`: false}}; attn_config.alibi",
                "mpt; {`attn_config`: {`alibi_bias_max`: 16}}; the class in transformers takes 8 whatever it says",
                "mpt; {`attn_config`: {`qk_ln`: true}}; attn_config.qk_ln",
                "mpt; {`attn_config`: {`attn_type`: `multiquery_attention`}}; attn_config.attn_type",
                "mpt; {`attn_config`: {`prefix_lm`: true}}; attn_config.prefix_lm",
                "mpt; {`attn_config`: {`rope`: true}}; attn_config.rope",
                "mpt; {`no_bias`: false}; no_bias",
                "falcon; {`alibi`: true, `multi_query`: false}; parallel_attn",
                "gemma3; {`text_config`: {`model_type`: `gemma3_text`}}; a model of more than text"
            })
    void values_that_mean_another_model_are_refused_by_name(String tiny, String keys, String expected)
            throws IOException {
        Path checkpoint = with(tiny, keys.replace('`', '"'));
        assertThatThrownBy(() -> Sources.SHIPPED.open(checkpoint))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(expected);
    }

    /** One base for both kinds of layers, and a scaling that is only of those that see everything. */
    @Test
    void rotary_parameters_that_are_not_told_apart_by_kind_of_layer_have_one_base() throws IOException {
        String keys = "{`rope_scaling`: null, `rope_theta`: null,"
                + " `rope_parameters`: {`rope_type`: `linear`, `factor`: 8.0, `rope_theta`: 77000.0}}";
        List<Rotary> rotaries = Sources.SHIPPED
                .open(with("olmo3", keys.replace('`', '"')))
                .decoder()
                .rotaries();
        assertThat(rotaries).extracting(Rotary::theta).containsExactly(77000.0, 77000.0);
        assertThat(rotaries)
                .extracting(Rotary::scaling)
                .containsExactlyInAnyOrder(new Rotary.Unscaled(), new Rotary.LinearScaling(8));
    }

    @Test
    void a_config_that_was_saved_again_has_both_names_of_a_setting() throws IOException {
        ObjectNode config = (ObjectNode) new ObjectMapper()
                .readTree(TinyFamilies.checkpoint("gpt_neox")
                        .resolve("config.json")
                        .toFile());
        ObjectNode again = new ObjectMapper().createObjectNode();
        again.set("rope_theta", config.path("rotary_emb_base"));
        again.set("partial_rotary_factor", config.path("rotary_pct"));
        Attention attention = (Attention) Sources.SHIPPED
                .open(with("gpt_neox", again.toString()))
                .decoder()
                .branches()
                .map(Branch::body)
                .filter(Attention.class::isInstance)
                .findFirst()
                .orElseThrow();
        assertThat(attention.rule().rotary().orElseThrow().width())
                .isEqualTo((int) (config.path("rotary_pct").asDouble() * attention.headSize()));
    }
}
