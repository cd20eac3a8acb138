package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.tensor.DType;
import dev.twofold.testing.Logits;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.testing.StoredTensors;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRA adapters, merged at conversion. */
final class AdapterTest {

    private static final int RANK = 4;
    private static final String QUERY = TinyLlama.name(1, "self_attn.q_proj");
    private static final String DOWN = TinyLlama.name(2, "mlp.down_proj");
    private static final long[][] TOKENS = {{5, 6, 7, 8, 9, 10, 11, 12}};

    @TempDir
    private Path directory;

    private final Random random = new Random(4);

    /** An adapter of two matrices, and what config.json says of it besides. */
    private Path adapter(String keys, Consumer<SafetensorsBuilder> more) throws IOException {
        Path adapter = Files.createDirectories(directory.resolve("adapter"));
        Files.writeString(
                adapter.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"lora_alpha\": 8, \"r\": 4, \"base_model_name_or_path\": \"some/llama\", "
                        + keys + "}");
        SafetensorsBuilder tensors = new SafetensorsBuilder();
        pair(tensors, QUERY, TinyLlama.HIDDEN, TinyLlama.HIDDEN);
        pair(tensors, DOWN, TinyLlama.HIDDEN, TinyLlama.FEED_FORWARD);
        more.accept(tensors);
        tensors.write(adapter.resolve("adapter_model.safetensors"));
        return adapter;
    }

    private void pair(SafetensorsBuilder tensors, String module, int outputs, int inputs) {
        add(tensors, module + ".lora_A", RANK, inputs);
        add(tensors, module + ".lora_B", outputs, RANK);
    }

    private void add(SafetensorsBuilder tensors, String name, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.2f * (float) random.nextGaussian();
        }
        tensors.addRaw(
                "base_model.model." + name + ".weight",
                DType.F32,
                SafetensorsBuilder.encode(DType.F32, values),
                rows,
                columns);
    }

    /** The checkpoint with the adapter's products added by hand. */
    private Path merged(Path adapter, double queryScale, double downScale) throws IOException {
        StoredTensors tensors = StoredTensors.of(Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));
        return TinyLlama.create()
                .change(QUERY + ".weight", values -> add(values, tensors, QUERY, TinyLlama.HIDDEN, queryScale))
                .change(DOWN + ".weight", values -> add(values, tensors, DOWN, TinyLlama.FEED_FORWARD, downScale))
                .write(directory.resolve("merged"));
    }

    private static void add(float[] values, StoredTensors tensors, String module, int inputs, double scale) {
        float[] a = tensors.floats("base_model.model." + module + ".lora_A.weight");
        float[] b = tensors.floats("base_model.model." + module + ".lora_B.weight");
        for (int i = 0; i < values.length; i++) {
            double sum = 0;
            for (int k = 0; k < RANK; k++) {
                sum += (double) b[i / inputs * RANK + k] * a[k * inputs + i % inputs];
            }
            values[i] += (float) (scale * sum);
        }
    }

    private Path convert(String name, Path checkpoint, Object... options) {
        Path output = directory.resolve(name);
        Object[] all = new Object[options.length + 6];
        System.arraycopy(new Object[] {"convert", checkpoint, "-o", output, "--pairs", "1-2"}, 0, all, 0, 6);
        System.arraycopy(options, 0, all, 6, options.length);
        CommandRun.succeeding(all);
        return output;
    }

    @ParameterizedTest
    @CsvSource({
        "'\"use_dora\": false', 2, 2",
        "'\"use_rslora\": true', 4, 4",
        "'\"alpha_pattern\": {\"q_proj\": 2}', 0.5, 2",
        "'\"alpha_pattern\": {\"layers.2.mlp.down_proj\": 12}', 2, 3"
    })
    void a_merged_model_computes_what_the_checkpoint_does_with_the_products_added(
            String keys, double queryScale, double downScale) throws IOException {
        Path checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        Path adapter = adapter(keys, tensors -> {});
        Path model = convert("model", checkpoint, "--adapter", adapter, "--quiet");
        Path expected = convert("expected", merged(adapter, queryScale, downScale), "--quiet");
        assertThat(Logits.distance(Logits.of(model, TOKENS), Logits.of(expected, TOKENS)))
                .isLessThan(1e-5);
        Path plain = convert("plain", checkpoint, "--quiet");
        assertThat(Logits.distance(Logits.of(model, TOKENS), Logits.of(plain, TOKENS)))
                .isGreaterThan(0.1);
        CommandRun.succeeding("validate", model, "--against", checkpoint, "--adapter", adapter, "--tokens", 8);
        CommandRun without = CommandRun.of("validate", model, "--against", checkpoint, "--tokens", 1);
        assertThat(without.exitCode()).isEqualTo(3);
        assertThat(without.err()).contains("adapter_");
    }

    @Test
    void whole_tensors_of_an_adapter_take_the_place_of_the_checkpoints() throws IOException {
        Path checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        Path adapter = adapter(
                "\"modules_to_save\": [\"lm_head\"]",
                tensors -> add(tensors, "lm_head", TinyLlama.VOCABULARY, TinyLlama.HIDDEN));
        StoredTensors stored = StoredTensors.of(Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));
        Path model = convert("model", checkpoint, "--adapter", adapter, "--quiet");
        merged(adapter, 2, 2);
        Path expected = TinyLlama.create()
                .change(QUERY + ".weight", values -> add(values, stored, QUERY, TinyLlama.HIDDEN, 2))
                .change(DOWN + ".weight", values -> add(values, stored, DOWN, TinyLlama.FEED_FORWARD, 2))
                .tensor(
                        "lm_head.weight",
                        DType.F32,
                        stored.floats("base_model.model.lm_head.weight"),
                        TinyLlama.VOCABULARY,
                        TinyLlama.HIDDEN)
                .write(directory.resolve("replaced"));
        assertThat(Logits.distance(
                        Logits.of(model, TOKENS), Logits.of(convert("expected", expected, "--quiet"), TOKENS)))
                .isLessThan(1e-5);
    }

    @Test
    void an_adapter_beside_a_checkpoint_is_not_applied_and_that_is_said() throws IOException {
        Path checkpoint = TinyLlama.create()
                .file("adapter_config.json", "{\"peft_type\": \"LORA\"}")
                .write(directory.resolve("checkpoint"));
        CommandRun run =
                CommandRun.succeeding("convert", checkpoint, "-o", directory.resolve("model"), "--window", "0:0");
        assertThat(run.err()).contains("is not applied; --adapter");
    }

    @Test
    void a_directory_that_is_only_an_adapter_is_told_what_it_is() throws IOException {
        CommandRun run = CommandRun.of("convert", adapter("\"x\": 4", tensors -> {}), "-o", directory.resolve("model"));
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("this is an adapter, not a model", "some/llama", "--adapter");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"peft_type\": \"IA3\"",
                "\"use_dora\": true",
                "\"bias\": \"all\"",
                "\"init_lora_weights\": \"pissa\"",
                "\"layer_replication\": [[0, 2], [1, 3]]"
            })
    void adapters_of_other_kinds_are_refused_by_the_key_that_says_so(String key) throws IOException {
        Path checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        Path adapter = adapter("\"x\": 1", tensors -> {});
        Files.writeString(
                adapter.resolve("adapter_config.json"),
                (key.contains("peft_type") ? "{" : "{\"peft_type\": \"LORA\", ") + "\"lora_alpha\": 8, " + key + "}");
        requireRefused(checkpoint, adapter, key.substring(1, key.indexOf('"', 1)));
    }

    @Test
    void one_that_is_made_for_another_model_is_refused() throws IOException {
        Path checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        requireRefused(
                checkpoint,
                adapter("\"x\": 1", tensors -> pair(tensors, TinyLlama.name(9, "self_attn.q_proj"), 64, 64)),
                "layers.9.self_attn.q_proj.lora_A");
        requireRefused(
                checkpoint,
                adapter("\"x\": 1", tensors -> pair(tensors, TinyLlama.name(0, "self_attn.q_proj"), 32, 64)),
                "a product of [64, 64]");
    }

    private void requireRefused(Path checkpoint, Path adapter, String... parts) {
        CommandRun run = CommandRun.of(
                "convert", checkpoint, "-o", directory.resolve("model"), "--window", "0:0", "--adapter", adapter);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err()).contains(Arrays.asList(parts)).doesNotContain("download");
    }

    /** The manifest has the adapter's files, and not where they are. */
    @Test
    void a_manifest_repeats_what_had_an_adapter_and_ignored_keys() throws IOException {
        Path checkpoint = TinyLlama.create()
                .set("some_new_key", "7")
                .set("transformers_version", "\"99.0.0\"")
                .write(directory.resolve("checkpoint"));
        Path adapter = adapter("\"target_modules\": [\"q_proj\", \"down_proj\"]", tensors -> {});
        Path first = directory.resolve("first");
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                first,
                "--adapter",
                adapter,
                "--ignore-key",
                "some_new_key",
                "--window",
                "0:2",
                "--quiet");
        Object[] again = {"convert", checkpoint, "-o", directory.resolve("again"), "--from-manifest", first, "--quiet"};
        CommandRun without = CommandRun.of(again);
        assertThat(without.exitCode()).isEqualTo(3);
        assertThat(without.err()).contains("adapter_config.json", "add --adapter");
        Object[] with = Arrays.copyOf(again, again.length + 2);
        with[again.length] = "--adapter";
        with[again.length + 1] = adapter;
        CommandRun.succeeding(with);
        for (String file : new String[] {"model.onnx", "model.onnx.data", "twofold.json"}) {
            assertThat(Files.mismatch(
                            first.resolve(file), directory.resolve("again").resolve(file)))
                    .as("%s", file)
                    .isEqualTo(-1);
        }
    }
}
