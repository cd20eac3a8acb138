package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that say what others say, in the words of other tools. */
final class OtherSpellingsTest {

    private static final String YARN =
            "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 256}";

    @TempDir
    private Path directory;

    private Source open(TinyLlama model) throws IOException {
        return Sources.SHIPPED.open(model.write(directory));
    }

    private Decoder read(TinyLlama model) throws IOException {
        return open(model).decoder();
    }

    private Decoder plain() throws IOException {
        return Sources.SHIPPED
                .open(TinyLlama.create().write(directory.resolve("plain")))
                .decoder();
    }

    private void assertSameNumbers(Decoder found, Decoder expected) {
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            List<float[]> numbers = weights(found).map(evaluator::read).toList();
            assertThat(numbers)
                    .containsExactlyElementsOf(
                            weights(expected).map(evaluator::read).toList());
        }
    }

    private static Stream<Weight> weights(Decoder decoder) {
        return Stream.concat(
                Stream.of(decoder.embedding().table(), decoder.head().weight()),
                decoder.branches().flatMap(branch -> branch.body().weights()));
    }

    private static List<AttentionRule> rules(Decoder decoder) {
        return decoder.attentions().map(Attention::rule).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"_orig_mod.", "module.", "base_model.model.", "language_model.", "module._orig_mod."})
    void names_may_begin_with_what_the_model_was_wrapped_in(String wrapper) throws IOException {
        assertSameNumbers(read(TinyLlama.create().renamed(name -> wrapper + name)), plain());
    }

    @Test
    void the_text_part_may_have_a_prefix_that_the_head_lacks() throws IOException {
        Decoder found =
                read(TinyLlama.create().renamed(name -> name.replaceFirst("^model\\.", "model.language_model.")));
        assertSameNumbers(found, plain());
    }

    @Test
    void a_wrapper_that_hides_two_tensors_of_one_name_is_none() throws IOException {
        TinyLlama model = TinyLlama.create()
                .renamed(name -> "module." + name)
                .tensor("lm_head.weight", DType.F32, new float[128 * 64], 128, 64);
        model.write(directory);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("the tensor is missing");
    }

    @Test
    void weights_may_be_float64() throws IOException {
        TinyLlama model = TinyLlama.create();
        for (String name : model.names()) {
            model.as(name, DType.F64);
        }
        assertSameNumbers(read(model), plain());
    }

    @ParameterizedTest
    @CsvSource({"hidden_size, 64.0", "num_hidden_layers, 4.0", "max_position_embeddings, 256.0", "vocab_size, 1.28e2"})
    void whole_numbers_may_be_written_as_floats(String key, String value) throws IOException {
        assertSameNumbers(read(TinyLlama.create().set(key, value)), plain());
    }

    @Test
    void the_context_may_be_called_max_sequence_length() throws IOException {
        TinyLlama model = TinyLlama.create().unset("max_position_embeddings").set("max_sequence_length", "512");
        assertThat(read(model).facts().contextLength()).isEqualTo(512);
        TinyLlama both = TinyLlama.create().set("max_sequence_length", "512");
        assertThat(read(both).facts().contextLength()).isEqualTo(256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "0", "null"})
    void no_window_may_be_a_window_of_nothing(String size) throws IOException {
        Decoder found = read(mistral().set("sliding_window", size));
        assertThat(rules(found))
                .allSatisfy(rule -> assertThat(rule.slidingWindow()).isEmpty());
    }

    private static TinyLlama mistral() {
        return TinyLlama.create().set("model_type", "\"mistral\"").set("sliding_window", "32");
    }

    @Test
    void refuses_a_window_of_less_than_that() throws IOException {
        mistral().set("sliding_window", "-2").write(directory);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("sliding_window");
    }

    @Test
    void windows_may_begin_at_the_first_layer() throws IOException {
        TinyLlama model = TinyLlama.create()
                .set("model_type", "\"qwen2\"")
                .set("sliding_window", "32")
                .set("use_sliding_window", "true")
                .set("max_window_layers", "0");
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            for (String part : List.of("q", "k", "v")) {
                int rows = part.equals("q") ? 64 : 32;
                model.tensor(
                        TinyLlama.name(layer, "self_attn." + part + "_proj.bias"), DType.F32, new float[rows], rows);
            }
        }
        assertThat(rules(read(model)))
                .allSatisfy(rule -> assertThat(rule.slidingWindow()).contains(32));
    }

    @Test
    void yarns_factor_extends_the_context() throws IOException {
        Decoder found = read(TinyLlama.create().set("rope_scaling", YARN));
        assertThat(found.facts().contextLength()).isEqualTo(1024);
        assertThat(found.rotaries()).extracting(Rotary::positions).containsExactly(1024);
        Decoder said =
                read(TinyLlama.create().set("max_position_embeddings", "1024").set("rope_scaling", YARN));
        assertThat(said.facts().contextLength()).isEqualTo(1024);
    }

    @Test
    void dynamic_scaling_changes_nothing_within_the_context() throws IOException {
        Decoder found = read(TinyLlama.create().set("rope_scaling", "{\"type\": \"dynamic\", \"factor\": 2.0}"));
        assertThat(found.rotaries()).isEqualTo(plain().rotaries());
        assertThat(found.facts().contextLength()).isEqualTo(256);
    }

    @Test
    void positions_may_be_said_twice_if_both_say_the_same() throws IOException {
        String old = YARN.replace("rope_type", "type");
        String current = YARN.replace("}", ", \"rope_theta\": 10000.0}");
        Decoder both = read(TinyLlama.create().set("rope_scaling", old).set("rope_parameters", current));
        assertThat(both.rotaries())
                .isEqualTo(read(TinyLlama.create().set("rope_scaling", old)).rotaries());
        TinyLlama other =
                TinyLlama.create().set("rope_scaling", old).set("rope_parameters", current.replace("4.0", "8.0"));
        other.write(directory);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("rope_parameters says something else");
    }

    @Test
    void options_of_another_scaling_are_listed() throws IOException {
        Source source = open(
                TinyLlama.create().set("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 2, \"mscale\": 0.7}"));
        assertThat(source.notes()).singleElement().asString().endsWith("change nothing: rope_scaling.mscale");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"-1; ", "[-1]; ", "[2, -1, 5]; 2 5"})
    void a_token_of_minus_one_is_none(String value, String tokens) throws IOException {
        List<Integer> found =
                read(TinyLlama.create().set("eos_token_id", value)).facts().endTokens();
        assertThat(found)
                .isEqualTo(Optional.ofNullable(tokens).stream()
                        .flatMap(some -> Stream.of(some.split(" ")))
                        .map(Integer::valueOf)
                        .toList());
    }

    @Test
    void configs_may_hold_infinity_and_begin_with_a_byte_order_mark() throws IOException {
        TinyLlama.create().write(directory);
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(config, "\ufeff" + text.replaceFirst("\\{", "{\"time_step_limit\": [0.0, Infinity, NaN],"));
        Source source = Sources.SHIPPED.open(directory);
        assertSameNumbers(source.decoder(), plain());
        Files.writeString(config, text.replaceFirst("\"rms_norm_eps\" : [^,]*", "\"rms_norm_eps\" : Infinity"));
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("rms_norm_eps");
    }

    @Test
    void cached_cosines_are_not_read() throws IOException {
        TinyLlama model = TinyLlama.create();
        for (String table : List.of("cos_cached", "sin_cached")) {
            model.tensor(TinyLlama.name(0, "self_attn.rotary_emb." + table), DType.F32, new float[16], 1, 16);
        }
        assertSameNumbers(read(model), plain());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'a': 1}", "{\"a\": 1} // text", "{\"a\": +1}", "{\"a\": 01}"})
    void malformed_json_is_told_without_the_words_of_a_library(String text) throws IOException {
        TinyLlama.create().write(directory);
        Files.writeString(directory.resolve("config.json"), text);
        String message =
                String.valueOf(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory))
                        .getMessage());
        assertThat(message).contains("not valid JSON").doesNotContain("Feature", "enable", "ALLOW");
    }
}
