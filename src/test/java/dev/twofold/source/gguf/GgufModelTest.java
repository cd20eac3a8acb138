package dev.twofold.source.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.testing.GgufBuilder;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a GGUF file's metadata becomes. */
final class GgufModelTest {

    @TempDir
    private Path directory;

    private Source open(GgufBuilder file) throws IOException {
        return Sources.SHIPPED.open(file.write(directory.resolve("Model-1B.Q4_K_M.gguf")));
    }

    private static JsonNode companion(Source source, String name) throws IOException {
        Companion found = source.companions().stream()
                .filter(companion -> companion.name().equals(name))
                .findFirst()
                .orElseThrow();
        try (InputStream in = found.content().open()) {
            return new ObjectMapper().readTree(in);
        }
    }

    @Test
    void is_called_what_its_file_is_called() throws IOException {
        assertThat(open(GgufBuilder.llama()).name()).isEqualTo("Model-1B.Q4_K_M");
    }

    @Test
    void a_head_that_is_not_there_is_the_embedding() throws IOException {
        assertThat(open(GgufBuilder.llama()).decoder().tied()).isTrue();
    }

    @Test
    void rows_of_query_and_key_are_put_back_into_halves() throws IOException {
        float[] rows = new float[16 * 32];
        for (int row = 0; row < 16; row++) {
            rows[row * 32] = row;
        }
        ByteBuffer data = ByteBuffer.allocate(rows.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(rows);
        Decoder decoder = open(GgufBuilder.llama().tensor("blk.0.attn_k.weight", 0, data.array(), 32, 16))
                .decoder();
        try (MappedFiles files = new MappedFiles()) {
            float[] keys = new WeightEvaluator(files)
                    .read(decoder.attentions().findFirst().orElseThrow().key().weight());
            float[] first = new float[16];
            for (int row = 0; row < 16; row++) {
                first[row] = keys[row * 32];
            }
            assertThat(first).containsExactly(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        }
    }

    @Test
    void factors_of_frequencies_become_the_formula_that_gives_them() throws IOException {
        Rotary.Llama3Scaling scaling = new Rotary.Llama3Scaling(32, 1, 4, 8192);
        assertThat(rotary(factors(scaling)).scaling()).isEqualTo(scaling);
    }

    @Test
    void factors_of_no_formula_are_kept() throws IOException {
        float[] factors = {1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4.5f};
        Rotary rotary = rotary(factors);
        assertThat(rotary.scaling())
                .isEqualTo(new Rotary.LongRopeScaling(List.of(1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5), 1, 64));
    }

    /** As llama.cpp takes them: the type none counts above factors, the newer key of a factor above the older. */
    @ParameterizedTest
    @CsvSource({
        "none, rope.scaling.factor, 4, 1",
        "none, rope.scale_linear, 4, 1",
        "linear, rope.scaling.factor, 4, 4",
        "linear, rope.scale_linear, 4, 4",
        "linear, rope.scaling.factor, 0, 1",
        "'', rope.scaling.factor, 4, 4",
        "'', rope.scale_linear, 4, 4",
        "longrope, rope.scaling.factor, 4, 4",
    })
    void is_stretched_as_llama_cpp_stretches(String type, String key, float value, double stretched)
            throws IOException {
        GgufBuilder file = GgufBuilder.llama().real("llama." + key, value);
        Rotary rotary = open(type.isEmpty() ? file : file.text("llama.rope.scaling.type", type))
                .decoder()
                .rotaries()
                .get(0);
        assertThat(rotary.frequency(0)).isEqualTo(1 / stretched);
    }

    @Test
    void the_older_key_counts_where_the_newer_is_not_there() throws IOException {
        GgufBuilder both =
                GgufBuilder.llama().real("llama.rope.scaling.factor", 2).real("llama.rope.scale_linear", 8);
        assertThat(open(both).decoder().rotaries().get(0).scaling()).isEqualTo(new Rotary.LinearScaling(2));
    }

    @Test
    void what_is_stretched_twice_is_refused() throws IOException {
        GgufBuilder file = stretched(new float[] {1, 1, 1, 1, 2, 2, 2, 2}).real("llama.rope.scaling.factor", 4);
        assertThatThrownBy(() -> open(file)).hasMessageContaining("stretched twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "linear", "longrope"})
    void multiplied_cosines_are_refused_where_config_json_does_not_have_them(String type) {
        GgufBuilder file = GgufBuilder.llama()
                .text("llama.rope.scaling.type", type)
                .real("llama.rope.scaling.factor", 4)
                .real("llama.rope.scaling.attn_factor", 1.25f);
        assertThatThrownBy(() -> open(file))
                .hasMessageContaining("llama.rope.scaling.attn_factor")
                .hasMessageContaining("1.25");
    }

    @Test
    void multiplied_cosines_are_refused_beside_factors_of_frequencies() {
        GgufBuilder file =
                stretched(new float[] {1, 1, 1, 1, 2, 2, 2, 2}).real("llama.rope.scaling.attn_factor", 1.25f);
        assertThatThrownBy(() -> open(file)).hasMessageContaining("llama.rope.scaling.attn_factor");
    }

    @Test
    void cosines_that_are_multiplied_by_one_are_read() throws IOException {
        GgufBuilder file =
                GgufBuilder.llama().real("llama.rope.scaling.factor", 4).real("llama.rope.scaling.attn_factor", 1);
        assertThat(open(file).decoder().rotaries().get(0).scaling()).isEqualTo(new Rotary.LinearScaling(4));
    }

    private static float[] factors(Rotary.Scaling scaling) {
        float[] factors = new float[8];
        for (int pair = 0; pair < factors.length; pair++) {
            double frequency = Math.pow(10_000, -2.0 * pair / 16);
            factors[pair] = (float) (frequency / scaling.apply(frequency, pair));
        }
        return factors;
    }

    private Rotary rotary(float[] factors) throws IOException {
        return open(stretched(factors)).decoder().rotaries().get(0);
    }

    private static GgufBuilder stretched(float[] factors) {
        ByteBuffer data = ByteBuffer.allocate(factors.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(factors);
        return GgufBuilder.llama().tensor("rope_freqs.weight", 0, data.array(), factors.length);
    }

    @Test
    void what_runtimes_read_is_there() throws IOException {
        Source source = open(GgufBuilder.llama()
                .number("tokenizer.ggml.eot_token_id", 5)
                .flag("tokenizer.ggml.add_bos_token", 1)
                .text("tokenizer.chat_template", "{{ messages }}"));
        assertThat(source.companions())
                .extracting(Companion::name)
                .containsExactly(
                        "config.json",
                        "generation_config.json",
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "special_tokens_map.json",
                        "chat_template.jinja");
        assertThat(companion(source, "generation_config.json")
                        .get("eos_token_id")
                        .toString())
                .isEqualTo("[1,5]");
        assertThat(source.decoder().facts().endTokens()).containsExactly(1, 5);
        JsonNode tokenizer = companion(source, "tokenizer_config.json");
        assertThat(tokenizer.get("bos_token").textValue()).isEqualTo("<s>");
        assertThat(tokenizer.get("add_bos_token").booleanValue()).isTrue();
        assertThat(tokenizer.get("chat_template").textValue()).isEqualTo("{{ messages }}");
        assertThat(companion(source, "tokenizer.json")
                        .at("/post_processor/special_tokens/<s>/ids/0")
                        .intValue())
                .isZero();
    }

    @Test
    void a_tokenizer_that_is_not_rebuilt_is_said() throws IOException {
        Source source = open(GgufBuilder.llama().text("tokenizer.ggml.model", "t5"));
        assertThat(source.notes()).singleElement().asString().contains("t5");
        assertThat(source.companions()).extracting(Companion::name).containsExactly("config.json");
    }
}
