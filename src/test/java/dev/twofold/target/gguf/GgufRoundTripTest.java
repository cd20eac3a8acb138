package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.families.TinyFamilies;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.Metadata;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiny checkpoints of every family, written as GGUF and read again, against the checkpoints themselves. */
final class GgufRoundTripTest {

    private static final OnnxTarget ONNX = new OnnxTarget(
            new OnnxOptions(DialectName.ONNX, KvLayout.PER_LAYER, CollectiveName.ORT), TrialRuntime.NONE);

    private static final GgufTarget GGUF = new GgufTarget(new GgufOptions(MatrixType.FP32, GgufOptions.MODEL));

    /** Families that llama.cpp's format is not written for. */
    private static final List<String> UNWRITTEN = List.of(
            "apertus",
            "bloom",
            "codegen",
            "cwm",
            "falcon",
            "falcon-40b",
            "gpt2",
            "gpt_bigcode",
            "gpt_neo",
            "gptj",
            "granitemoehybrid",
            "helium",
            "minicpm3",
            "ministral3",
            "mpt",
            "olmo",
            "olmo-clipped",
            "opt",
            "phi",
            "phimoe",
            "vaultgemma");

    /** What has no place in a GGUF file, and what is said of it. */
    private static final Map<String, String> REFUSED = refusals(Map.ofEntries(
            Map.entry("gemma2", "its scores are multiplied by"),
            Map.entry("gemma3", "its scores are multiplied by"),
            Map.entry("gpt_oss", "its positions are stretched by YaRN with settings of their own"),
            Map.entry("deepseek_v2", "beside one that every token gets"),
            Map.entry("deepseek_v3", "beside one that every token gets"),
            Map.entry("dots1", "beside one that every token gets"),
            Map.entry("hunyuan_v1_moe", "beside one that every token gets"),
            Map.entry("ernie4_5_moe", "beside one that every token gets"),
            Map.entry("glm4_moe", "beside one that every token gets"),
            Map.entry("llama4", "beside one that every token gets"),
            Map.entry("qwen2_moe", "beside one that every token gets"),
            Map.entry("qwen3_moe-dense", "its layers have different sizes")));

    private static Map<String, String> refusals(Map<String, String> others) {
        Map<String, String> all = new TreeMap<>(others);
        UNWRITTEN.forEach(name -> all.put(name, "is not written as GGUF"));
        return all;
    }

    /** Where a checkpoint says what the format cannot, a file of it that says what it can. */
    private static final Set<String> FROM_FILES = Set.of("gemma2", "gemma3", "hunyuan_v1_dense", "starcoder2");

    /** What is written with fewer positions than it has, as llama.cpp knows nothing of the windows past them. */
    private static final Set<String> WINDOWED = Set.of("mistral", "qwen2-sliding");

    /** Its tiny checkpoint has settings that no published one has, and that files have no place for. */
    private static final String GPT_OSS = "gpt_oss";

    /**
     * The tiny checkpoint with the settings of those that are published, and a base for which YaRN blends from a pair to the
     * next, as nearly as llama.cpp rounds it to.
     */
    private static final class AsPublished {
        static final Path CHECKPOINT = edited();

        private static Path edited() {
            try {
                Path copy = Files.createTempDirectory("gpt-oss-as-published");
                copy.toFile().deleteOnExit();
                for (String file : List.of("model.safetensors", "tokenizer.json", "config.json")) {
                    Path original = TinyFamilies.checkpoint(GPT_OSS).resolve(file);
                    Files.copy(original, copy.resolve(file));
                    copy.resolve(file).toFile().deleteOnExit();
                }
                String config = Files.readString(copy.resolve("config.json"));
                String published = config.replace("\"beta_fast\": 4.0", "\"beta_fast\": 32.0")
                        .replace("\"swiglu_limit\": 1.5", "\"swiglu_limit\": 7.0")
                        .replace("\"rope_theta\": 150000.0", "\"rope_theta\": 116000000.0");
                assertThat(published)
                        .contains("\"beta_fast\": 32.0", "\"swiglu_limit\": 7.0", "\"rope_theta\": 116000000.0");
                Files.writeString(copy.resolve("config.json"), published);
                return copy;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @TempDir
    private Path directory;

    /** Every tiny checkpoint. */
    static List<String> checkpoints() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("testmodels", "families"))) {
            return files.filter(file -> Files.exists(file.resolve("model.safetensors")))
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    static List<String> names() throws IOException {
        return checkpoints().stream()
                .filter(name -> FROM_FILES.contains(name) || name.equals(GPT_OSS) || !REFUSED.containsKey(name))
                .filter(name -> !WINDOWED.contains(name))
                .toList();
    }

    static List<String> refused() {
        return REFUSED.keySet().stream().sorted().toList();
    }

    static Source original(String name) {
        if (name.equals(GPT_OSS)) {
            return Sources.SHIPPED.open(AsPublished.CHECKPOINT);
        }
        return Sources.SHIPPED.open(
                FROM_FILES.contains(name)
                        ? Path.of("testmodels", "gguf", name + ".gguf")
                        : TinyFamilies.checkpoint(name));
    }

    private Path compile(Source source, Target target, String window, String name) {
        Path output = directory.resolve(name);
        new Compiler(source, Recipe.pairing(LayerWindow.valueOf(window)), target).compile(output, false);
        return output;
    }

    private Source written(Source source, MatrixType type) {
        Target target = new GgufTarget(new GgufOptions(type, GgufOptions.MODEL));
        return Sources.SHIPPED.open(compile(source, target, "0:0", "gguf").resolve(GgufOptions.MODEL));
    }

    @ParameterizedTest
    @MethodSource("names")
    void becomes_the_same_onnx_bytes_as_the_checkpoint(String name) {
        Source original = original(name);
        Source again = written(original, MatrixType.FP32);
        Path ours = compile(again, ONNX, "1:3", "ours");
        Path theirs = compile(original, ONNX, "1:3", "theirs");
        assertThat(ours.resolve("model.onnx.data")).hasSameBinaryContentAs(theirs.resolve("model.onnx.data"));
        assertThat(ours.resolve("model.onnx")).hasSameBinaryContentAs(theirs.resolve("model.onnx"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mistral", "qwen2-sliding"})
    void keeps_a_model_within_windows_that_llama_cpp_does_not_have(String name) {
        Source original = original(name);
        Source again = written(original, MatrixType.FP32);
        int window = original.decoder()
                .attentions()
                .flatMap(attention -> attention.rule().slidingWindow().stream())
                .findFirst()
                .orElseThrow();
        assertThat(again.decoder().facts().contextLength()).isEqualTo(window);
        assertThat(GGUF.notes(original.decoder(), List.of()))
                .singleElement()
                .asString()
                .contains("context is " + window);
    }

    @ParameterizedTest
    @ValueSource(strings = {"phi3-longrope", "phi4-mini"})
    void keeps_both_ranges_of_longrope(String name) {
        Path checkpoint = TinyFamilies.checkpoint(name);
        written(Sources.SHIPPED.open(checkpoint), MatrixType.FP32);
        SourceOptions asked = new SourceOptions(Optional.empty(), Set.of(), RopeRange.LONG);
        Path file = directory.resolve("gguf").resolve(GgufOptions.MODEL);
        Path ours = compile(Sources.SHIPPED.open(file, asked), ONNX, "1:3", "ours");
        Path theirs = compile(Sources.SHIPPED.open(checkpoint, asked), ONNX, "1:3", "theirs");
        assertThat(ours.resolve("model.onnx.data")).hasSameBinaryContentAs(theirs.resolve("model.onnx.data"));
        assertThat(ours.resolve("model.onnx")).hasSameBinaryContentAs(theirs.resolve("model.onnx"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"phi3-longrope", "phi4-mini"})
    void a_long_range_that_was_asked_for_is_the_only_one(String name) {
        SourceOptions asked = new SourceOptions(Optional.empty(), Set.of(), RopeRange.LONG);
        Decoder original =
                Sources.SHIPPED.open(TinyFamilies.checkpoint(name), asked).decoder();
        Decoder again = written(Sources.SHIPPED.open(TinyFamilies.checkpoint(name), asked), MatrixType.FP32)
                .decoder();
        assertThat(again.facts().contextLength()).isEqualTo(original.facts().contextLength());
        Rotary theirs = original.rotaries().get(0);
        Rotary ours = again.rotaries().get(0);
        assertThat(((LongRopeScaling) ours.scaling()).factors())
                .isEqualTo(((LongRopeScaling) theirs.scaling()).factors());
        // Magnitudes are float32 in a file.
        assertThat(ours.scaling().magnitude())
                .isGreaterThan(1.1)
                .isCloseTo(theirs.scaling().magnitude(), within(1e-6));
        assertThat(ours.width()).isEqualTo(theirs.width());
        assertThat(ours.positions()).isEqualTo(theirs.positions());
    }

    @ParameterizedTest
    @CsvSource({
        "exaone4, in models of 64 layers only",
        "phi3, does not use the windows of phi3",
        "starcoder2, does not use the windows of starcoder2",
    })
    void says_which_windows_llama_cpp_passes_over(String name, String said) {
        Decoder decoder = Sources.SHIPPED.open(TinyFamilies.checkpoint(name)).decoder();
        assertThat(GGUF.notes(decoder, List.of())).singleElement().asString().contains(said);
    }

    @Test
    void windows_are_not_passed_over_in_the_model_that_llama_cpp_looks_for() {
        Decoder tiny = Sources.SHIPPED.open(TinyFamilies.checkpoint("exaone4")).decoder();
        List<Step> steps = Collections.nCopies(64 / tiny.facts().layers(), tiny.steps()).stream()
                .flatMap(List::stream)
                .toList();
        assertThat(GGUF.notes(tiny.withSteps(steps), List.of())).isEmpty();
    }

    /** Pairs of a model whose windows end between its two ranges. */
    @Test
    void a_long_range_that_windows_cut_is_said() throws IOException {
        Source source = edited("phi3-longrope", "\"sliding_window\": 262144", "\"sliding_window\": 128");
        Path output = compile(source, GGUF, "1:3", "cut");
        assertThat(new Metadata(HeaderReader.read(output.resolve(GgufOptions.MODEL))).whole("deci.context_length"))
                .hasValue(128L);
        Decoder pairs = new Compiler(source, Recipe.pairing(LayerWindow.valueOf("1:3")), GGUF)
                .preview()
                .decoder();
        assertThat(GGUF.notes(pairs, List.of()))
                .anySatisfy(note -> assertThat(note).contains("the file's context is 128 positions"));
    }

    @ParameterizedTest
    @CsvSource({"phi3-longrope, 256", "mistral, 12", "llama2, 256"})
    void the_manifest_has_the_context_of_the_file(String name, int context) throws IOException {
        Path output = compile(Sources.SHIPPED.open(TinyFamilies.checkpoint(name)), GGUF, "0:0", "gguf");
        assertThat(new ObjectMapper()
                        .readTree(output.resolve("twofold.json").toFile())
                        .at("/model/contextLength")
                        .asInt())
                .isEqualTo(context);
        assertThat(Sources.SHIPPED
                        .open(output.resolve(GgufOptions.MODEL))
                        .decoder()
                        .facts()
                        .statedContext())
                .isEqualTo(context);
    }

    private Path copy(String name) throws IOException {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        for (String file : List.of("model.safetensors", "tokenizer.json", "config.json")) {
            Files.copy(TinyFamilies.checkpoint(name).resolve(file), copy.resolve(file));
        }
        return copy;
    }

    /** A copy of a tiny checkpoint with another setting. */
    private Source edited(String name, String setting, String other) throws IOException {
        Path copy = copy(name);
        String config = Files.readString(copy.resolve("config.json"));
        assertThat(config).contains(setting);
        Files.writeString(copy.resolve("config.json"), config.replace(setting, other));
        return Sources.SHIPPED.open(copy);
    }

    /** What families that have it are refused for another reason first. */
    @ParameterizedTest
    @CsvSource({
        "llama2, 'attention: {window: {size: 12, chunks: true}}', attentions see chunks of a text",
        "mixtral, 'feed-forward: {experts: {normed: null, near: 0.1}}', its experts are chosen in another way",
    })
    void mathematics_of_its_own_has_no_place(String name, String differences, String said) throws IOException {
        Path copy = copy(name);
        String like = name.replaceAll("\\d", "");
        Files.writeString(copy.resolve("twofold-family.yaml"), "like: " + like + "\n" + differences + "\n");
        Source own = Sources.SHIPPED.open(copy);
        assertThatThrownBy(() -> written(own, MatrixType.FP32)).hasMessageContaining(said);
    }

    @Test
    void chunks_of_a_text_have_no_place_in_pairs() throws IOException {
        Path copy = copy("llama2");
        Files.writeString(
                copy.resolve("twofold-family.yaml"), "like: llama\nattention: {window: {size: 12, chunks: true}}\n");
        Source own = Sources.SHIPPED.open(copy);
        assertThatThrownBy(() -> compile(own, GGUF, "1:3", "pairs"))
                .hasMessageContaining("attentions see chunks of a text");
    }

    /** Files do not say which activation it is. */
    @Test
    void an_activation_that_readers_do_not_take_has_no_place() throws IOException {
        Source edited = edited("starcoder2", "gelu_pytorch_tanh", "relu");
        assertThatThrownBy(() -> written(edited, MatrixType.FP32)).hasMessageContaining("its activation is another");
    }

    @ParameterizedTest
    @MethodSource("refused")
    void says_what_of_a_model_has_no_place(String name) {
        Source original = Sources.SHIPPED.open(TinyFamilies.checkpoint(name));
        assertThatThrownBy(() -> written(original, MatrixType.FP32))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining(REFUSED.get(name))
                .hasMessageContaining("without --target");
    }
}
