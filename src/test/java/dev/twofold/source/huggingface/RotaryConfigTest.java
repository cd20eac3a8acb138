package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RotaryConfigTest {

    private static final int HALF = TinyLlama.HEAD_SIZE / 2;

    @TempDir
    private Path directory;

    private Rotary read(TinyLlama model) throws IOException {
        return Sources.SHIPPED.open(model.write(directory)).decoder().rotaries().get(0);
    }

    private TwofoldException refused(TinyLlama model) throws IOException {
        model.write(directory);
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory));
        assertThat(e).as("accepted").isNotNull();
        return e;
    }

    /** Inverse frequencies as transformers computes them without scaling. */
    private static double[] frequencies(double theta) {
        double[] frequencies = new double[HALF];
        for (int i = 0; i < HALF; i++) {
            frequencies[i] = 1 / Math.pow(theta, 2.0 * i / TinyLlama.HEAD_SIZE);
        }
        return frequencies;
    }

    private static double[] linear(double theta, double factor) {
        double[] frequencies = frequencies(theta);
        for (int i = 0; i < HALF; i++) {
            frequencies[i] /= factor;
        }
        return frequencies;
    }

    /** As {@code _compute_llama3_parameters} of transformers does it, in terms of wavelengths. */
    private static double[] llama3(double theta, double factor, double low, double high, double old) {
        double[] frequencies = frequencies(theta);
        double longest = old / low;
        double shortest = old / high;
        for (int i = 0; i < HALF; i++) {
            double wavelength = 2 * Math.PI / frequencies[i];
            double scaled = wavelength > longest ? frequencies[i] / factor : frequencies[i];
            boolean medium = !(wavelength < shortest) && !(wavelength > longest);
            if (medium) {
                double smooth = (old / wavelength - low) / (high - low);
                scaled = (1 - smooth) * scaled / factor + smooth * scaled;
            }
            frequencies[i] = scaled;
        }
        return frequencies;
    }

    /** Compares every cosine and sine; float32 tables of float64 angles agree to half a unit in the last place. */
    private static void assertTables(Rotary rotary, double[] frequencies) {
        assertThat(rotary.positions()).isEqualTo(TinyLlama.CONTEXT);
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            float[] cosines = evaluator.read(rotary.cosines());
            float[] sines = evaluator.read(rotary.sines());
            assertThat(cosines).hasSize(TinyLlama.CONTEXT * HALF);
            for (int position = 0; position < TinyLlama.CONTEXT; position++) {
                for (int i = 0; i < HALF; i++) {
                    double angle = position * frequencies[i];
                    assertThat((double) cosines[position * HALF + i]).isCloseTo(Math.cos(angle), within(1e-7));
                    assertThat((double) sines[position * HALF + i]).isCloseTo(Math.sin(angle), within(1e-7));
                }
            }
        }
    }

    @Test
    void without_scaling_frequencies_fall_geometrically_from_theta() throws IOException {
        assertTables(read(TinyLlama.create()), frequencies(10_000));
        assertTables(read(TinyLlama.create().set("rope_theta", "500000")), frequencies(500_000));
        assertTables(read(TinyLlama.create().unset("rope_theta")), frequencies(10_000));
        assertTables(read(TinyLlama.create().set("rope_scaling", "{\"rope_type\": \"default\"}")), frequencies(10_000));
    }

    @Test
    void linear_scaling_divides_every_frequency() throws IOException {
        assertTables(read(TinyLlama.create().linearRope(4)), linear(10_000, 4));
        assertTables(
                read(TinyLlama.create().set("rope_scaling", "{\"type\": \"linear\", \"factor\": 2.5}")),
                linear(10_000, 2.5));
    }

    @ParameterizedTest
    @CsvSource({"8,1,4,64", "32,1,4,128", "8,2,16,256", "1,1,4,64"})
    void llama3_scaling_keeps_short_waves_stretches_long_ones_and_blends_between(
            double factor, double low, double high, int old) throws IOException {
        assertTables(
                read(TinyLlama.create().llama3Rope(factor, low, high, old)), llama3(10_000, factor, low, high, old));
    }

    @Test
    void the_llama3_case_has_waves_of_all_three_kinds() {
        double[] plain = frequencies(10_000);
        double[] scaled = llama3(10_000, 8, 1, 4, 64);
        assertThat(scaled[0]).isEqualTo(plain[0]);
        assertThat(scaled[1]).isBetween(plain[1] / 8, Math.nextDown(plain[1]));
        assertThat(scaled[HALF - 1]).isEqualTo(plain[HALF - 1] / 8);
    }

    @Test
    void reads_the_rope_parameters_of_transformers_5() throws IOException {
        TinyLlama plain = TinyLlama.create()
                .unset("rope_theta")
                .set("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 50000.0}");
        assertTables(read(plain), frequencies(50_000));
        TinyLlama linear = TinyLlama.create()
                .unset("rope_theta")
                .set("rope_parameters", "{\"rope_type\": \"linear\", \"rope_theta\": 50000.0, \"factor\": 2.0}");
        assertTables(read(linear), linear(50_000, 2));
        TinyLlama llama3 = TinyLlama.create()
                .unset("rope_theta")
                .set(
                        "rope_parameters",
                        "{\"rope_type\": \"llama3\", \"rope_theta\": 500000.0, \"factor\": 8.0, \"low_freq_factor\": 1.0,"
                                + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 64}");
        assertTables(read(llama3), llama3(500_000, 8, 1, 4, 64));
    }

    /** So transformers 5.24 fills it in (standardize_rope_params). */
    @ParameterizedTest
    @ValueSource(strings = {"rope_scaling", "rope_parameters"})
    void a_llama_3_scaling_without_a_context_before_has_the_whole_one(String key) throws IOException {
        String options = "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4}";
        assertTables(read(TinyLlama.create().set(key, options)), llama3(10_000, 8, 1, 4, TinyLlama.CONTEXT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"longrope", "LINEAR"})
    void refuses_other_scalings_by_name(String type) throws IOException {
        String json = "{\"rope_type\": \"" + type + "\", \"factor\": 2.0}";
        assertThat(refused(TinyLlama.create().set("rope_scaling", json)))
                .hasMessageContaining("key rope_scaling.rope_type")
                .hasMessageContaining(type);
        assertThat(refused(TinyLlama.create().set("rope_parameters", json)))
                .hasMessageContaining("key rope_parameters.rope_type")
                .hasMessageContaining(type);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"rope_type\": \"linear\"}|factor",
                "{\"rope_type\": \"linear\", \"factor\": 0}|factor",
                "{\"rope_type\": \"linear\", \"factor\": \"2\"}|factor",
                "{\"rope_type\": \"llama3\", \"factor\": 8, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}|low_freq_factor",
                "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 2, \"original_max_position_embeddings\": 64}|low_freq_factor"
            })
    void refuses_a_scaling_with_a_missing_or_wrong_option(String json, String key) throws IOException {
        assertThat(refused(TinyLlama.create().set("rope_scaling", json)))
                .hasMessageContaining("config.json, key rope_scaling." + key);
    }
}
