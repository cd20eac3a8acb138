package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Other values of the keys that change what a family computes, against the reference with the same values. */
final class FamilyVariantsTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            llama2, rope_scaling, `{"type": "linear", "factor": 4.0}`
            llama2, rms_norm_eps, 0.01
            smollm3, no_rope_layers, `[0, 1, 0, 1]`
            llama3.2, rope_scaling, `{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}`
            mistral, rope_scaling, `{"rope_type": "yarn", "factor": 4.0}`
            mistral, sliding_window, null
            mistral, sliding_window, 5
            mistral, rope_theta, 1000000.0
            qwen2-sliding, max_window_layers, 3
            qwen2-sliding, use_sliding_window, false
            qwen3, rope_scaling, `{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}`
            phi3, sliding_window, null
            gemma2, sliding_window, 5
            gemma2, attn_logit_softcapping, null
            gemma2, final_logit_softcapping, null
            gemma2, query_pre_attn_scalar, 64
            gemma3, sliding_window_pattern, 2
            gemma3, rope_scaling, null
            gemma3, rope_local_base_freq, 500.0
            gemma3, final_logit_softcapping, 3.0
            olmo, clip_qkv, 0.75
            olmo3, rope_scaling, null
            olmo3, layer_types, `["full_attention", "sliding_attention", "full_attention", "sliding_attention"]`
            granite, residual_multiplier, 1.0
            granite, logits_scaling, 0.5
            starcoder2, sliding_window, null
            gpt_neox, use_parallel_residual, false
            gpt_neox, rotary_pct, 0.25
            gpt_neox, rotary_pct, 1.0
            cohere, logit_scale, 2.0
            cohere2, sliding_window_pattern, 2
            stablelm, partial_rotary_factor, 1.0
            """)
    void another_value_is_computed_with(String name, String key, String value) throws JsonProcessingException {
        EditedFamily family =
                EditedFamily.copy(name, directory.resolve("checkpoint")).with(key, new ObjectMapper().readTree(value));
        Reference reference = Reference.of(family.directory());
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        Path output = directory.resolve("model");
        CommandRun.succeeding("convert", family.directory(), "-o", output, "--window", "0:0", "--quiet");
        float[] logits = Logits.of(
                output, new long[][] {Arrays.stream(tokens).asLongStream().toArray()});
        float[] expected = flat(reference.logits(tokens, reference.oneByOne()));
        assertThat(Logits.distance(logits, expected)).isLessThan(1e-4);
        Reference original = Reference.of(TinyFamilies.checkpoint(name));
        assertThat(Logits.distance(flat(original.logits(tokens, original.oneByOne())), expected))
                .as("what another value changes")
                .isGreaterThan(1e-2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--pairs 0-2", "--pairs 0-2 --form staggered", "--pairs 0-3", "--merge 0A-2A"})
    void a_layer_of_another_kind_inside_a_group_is_no_hindrance(String plan) throws JsonProcessingException {
        EditedFamily family = EditedFamily.copy("smollm3", directory.resolve("checkpoint"))
                .with("no_rope_layers", new ObjectMapper().readTree("[1, 0, 1, 0]"));
        Reference reference = Reference.of(family.directory());
        int[] tokens = TinyFamilies.golden("smollm3").tokens()[0];
        Path output = directory.resolve("model");
        List<Object> command = new ArrayList<>(List.of("convert", family.directory(), "-o", output, "--quiet"));
        command.addAll(List.of(plan.split(" ")));
        CommandRun.succeeding(command.toArray());
        float[] logits = Logits.of(
                output, new long[][] {Arrays.stream(tokens).asLongStream().toArray()});
        List<List<String>> staggered =
                List.of(List.of("0A", "0F", "1A", "1F", "2A"), List.of("2F"), List.of("3A"), List.of("3F"));
        double[][] expected = plan.startsWith("--pairs 0-3")
                ? reference.logits(tokens, List.of(List.of(0, 1, 2, 3)))
                : plan.equals("--pairs 0-2")
                        ? reference.logits(tokens, List.of(List.of(0, 1, 2), List.of(3)))
                        : reference.stepLogits(tokens, staggered);
        assertThat(Logits.distance(logits, flat(expected))).isLessThan(1e-4);
    }

    private static float[] flat(double[][] logits) {
        float[] flat = new float[logits.length * logits[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) logits[i / logits[0].length][i % logits[0].length];
        }
        return flat;
    }
}
