package dev.twofold.source.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.families.TinyFamilies;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.Architectures;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tiny models of every architecture as GGUF files, made by {@code tools/gguf} with the gguf package of llama.cpp, against the
 * checkpoints that they were made of.
 */
final class GgufFamiliesTest {

    private static final Path ROOT = Path.of("testmodels", "gguf");

    @TempDir
    private Path directory;

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(ROOT)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".gguf"))
                    .map(name -> name.replace(".gguf", ""))
                    .sorted()
                    .toList();
        }
    }

    private static final String STRETCHED = "\"rope_theta\": 10000.0,\n  \"rope_scaling\": {\n    \"alpha\": 1000.0";

    private static final String PLAIN = "\"rope_theta\": 26826958.0,\n  \"rope_scaling\": {\n    \"alpha\": 1.0";

    /** What a checkpoint says and the format cannot, with what a file says in its place. */
    private static final Map<String, String[]> UNSAYABLE = Map.of(
            // Scores are divided by the root of the head size; only the largest models' are told from the others.
            "gemma2", new String[] {"\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 16"},
            "gemma3", new String[] {"\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 16"},
            // What stretches the base is in it.
            "hunyuan_v1_dense", new String[] {STRETCHED, PLAIN},
            "hunyuan_v1_moe", new String[] {STRETCHED, PLAIN},
            // Readers take 7 for the limit of its activation.
            "gpt_oss", new String[] {"\"swiglu_limit\": 1.5", "\"swiglu_limit\": 7.0"},
            // Numbers are float32.
            "starcoder2", new String[] {"999999.4420358813", "999999.44"});

    private Path checkpoint(String name) throws IOException {
        Path original = TinyFamilies.checkpoint(name);
        if (!UNSAYABLE.containsKey(name)) {
            return original;
        }
        Path copy = directory.resolve("edited-" + name);
        if (!Files.exists(copy)) {
            Files.createDirectory(copy);
            for (String file : List.of("model.safetensors", "tokenizer.json")) {
                Files.copy(original.resolve(file), copy.resolve(file));
            }
            String config = Files.readString(original.resolve("config.json"));
            String[] edit = UNSAYABLE.get(name);
            assertThat(config).contains(edit[0]);
            Files.writeString(copy.resolve("config.json"), config.replace(edit[0], edit[1]));
        }
        return copy;
    }

    private static Source gguf(String name) {
        return Sources.SHIPPED.open(ROOT.resolve(name + ".gguf"));
    }

    /** One layer as it is, a pair of layers, and one more: whatever is done to weights is done to some. */
    @ParameterizedTest
    @MethodSource("names")
    void becomes_the_same_onnx_bytes_as_the_checkpoint(String name) throws IOException {
        Path ours = compile(gguf(name), "gguf");
        Path theirs = compile(Sources.SHIPPED.open(checkpoint(name)), "checkpoint");
        assertThat(ours.resolve("model.onnx.data")).hasSameBinaryContentAs(theirs.resolve("model.onnx.data"));
        assertThat(ours.resolve("model.onnx")).hasSameBinaryContentAs(theirs.resolve("model.onnx"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"phi3-longrope", "phi4-mini"})
    void has_the_long_range_that_the_checkpoint_has(String name) {
        SourceOptions asked = new SourceOptions(Optional.empty(), Set.of(), RopeRange.LONG);
        Source file = Sources.SHIPPED.open(ROOT.resolve(name + ".gguf"), asked);
        Path ours = compile(file, "gguf");
        Path theirs = compile(Sources.SHIPPED.open(TinyFamilies.checkpoint(name), asked), "checkpoint");
        assertThat(ours.resolve("model.onnx.data")).hasSameBinaryContentAs(theirs.resolve("model.onnx.data"));
        assertThat(file.options()).containsEntry("rope-range", "long");
        assertThat(file.notes()).anyMatch(note -> note.contains("for longer ones"));
    }

    private Path compile(Source source, String name) {
        Path output = directory.resolve(name);
        OnnxOptions options = new OnnxOptions(DialectName.ONNX, KvLayout.PER_LAYER, CollectiveName.ORT);
        new Compiler(source, Recipe.pairing(LayerWindow.valueOf("1:3")), new OnnxTarget(options, TrialRuntime.NONE))
                .compile(output, false);
        return output;
    }

    @ParameterizedTest
    @MethodSource("names")
    void is_said_the_same_of_as_of_the_checkpoint(String name) {
        ModelFacts ours = gguf(name).decoder().facts();
        var theirs =
                Sources.SHIPPED.open(TinyFamilies.checkpoint(name)).decoder().facts();
        assertThat(ours.modelType()).isEqualTo(theirs.modelType());
        assertThat(ours.runtimeType()).isEqualTo(theirs.runtimeType());
        assertThat(ours.contextLength()).isEqualTo(theirs.contextLength());
        assertThat(ours.statedContext()).isEqualTo(theirs.statedContext());
        assertThat(ours.beginTokens()).isEqualTo(theirs.beginTokens());
        assertThat(ours.endTokens()).isEqualTo(theirs.endTokens());
    }

    /** The configuration that lies beside an output is one that a checkpoint could have. */
    @ParameterizedTest
    @MethodSource("names")
    void writes_a_configuration_that_describes_the_same_decoder(String name) throws IOException {
        Source source = gguf(name);
        Path config = directory.resolve("config");
        Files.createDirectory(config);
        for (Companion companion : source.companions()) {
            Files.copy(companion.content().open(), config.resolve(companion.name()));
        }
        Decoder described = Sources.SHIPPED.describe(config);
        Decoder original = Sources.SHIPPED.describe(checkpoint(name));
        assertThat(described.steps().stream()
                        .map(step -> step.branches().size())
                        .toList())
                .isEqualTo(original.steps().stream()
                        .map(step -> step.branches().size())
                        .toList());
        assertThat(described.attentions().map(attention -> attention.rule()).toList())
                .isEqualTo(
                        original.attentions().map(attention -> attention.rule()).toList());
        assertThat(described.finalNorm().epsilon())
                .isEqualTo(original.finalNorm().epsilon());
        assertThat(described.logitCap()).isEqualTo(original.logitCap());
    }

    @Test
    void makes_the_same_tokens_as_the_checkpoint() {
        String text = "The quick brown fox, 1234 times;\n  and so on: (x + y).";
        int rows = gguf("qwen2").decoder().facts().vocabularySize();
        try (TokenizerFile ours = gguf("qwen2").tokenizer();
                TokenizerFile theirs =
                        Sources.SHIPPED.open(TinyFamilies.checkpoint("qwen2")).tokenizer()) {
            int[] ids = ours.encode(text, rows);
            assertThat(ids).isEqualTo(theirs.encode(text, rows));
            assertThat(ours.decode(Arrays.stream(ids).boxed().toList())).isEqualTo(text);
        }
    }

    @Test
    void there_is_a_model_of_every_architecture() throws IOException {
        Set<String> tested = new TreeSet<>();
        for (String name : names()) {
            tested.add(gguf(name).decoder().facts().modelType());
        }
        Set<String> known = new TreeSet<>();
        Architectures.all().stream().map(Architecture::modelType).forEach(known::add);
        assertThat(tested).isEqualTo(known);
    }
}
