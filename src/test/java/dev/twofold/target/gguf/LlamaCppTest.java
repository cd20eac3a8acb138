package dev.twofold.target.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.MetadataValue.Text;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Novels;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trained model in stock llama.cpp: its text, its tokens, and what types of few bits cost it. */
final class LlamaCppTest {

    private static final String PROMPT = "She walked to the window and";
    private static final int COUNT = 40;
    private static final int SCORED = 200;

    @TempDir
    private Path directory;

    private Path convert(String window, String type) {
        return gguf("--window", window, "--dtype", type);
    }

    private Path gguf(String... options) {
        Path output = converted("gguf", List.of(options));
        return output.resolve("model.gguf");
    }

    /** What {@code generate} writes after the prompt. */
    private String generated(String... options) {
        return CommandRun.succeeding(
                        "generate", converted("onnx", List.of(options)), "--prompt", PROMPT, "--max-tokens", COUNT)
                .out()
                .strip();
    }

    private Path converted(String target, List<String> options) {
        Path output = directory.resolve(target + String.join("", options).replaceAll("[^a-z0-9]", "-"));
        List<Object> arguments =
                new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output, "--target", target, "--quiet"));
        arguments.addAll(options);
        CommandRun.succeeding(arguments.toArray());
        return output;
    }

    @Test
    void writes_the_same_text_and_few_bits_cost_little() throws IOException, InterruptedException {
        LlamaCpp llama = LlamaCpp.start();
        List<String> windows = List.of("0:0", "2:14");
        List<String> types = List.of("fp32", "q8_0", "q4_0");
        try (TokenizerFile tokenizer = TokenizerFile.open(Novels.CHECKPOINT)) {
            int[] prompt = tokenizer.encode(PROMPT, 4096);
            int[] scored = Arrays.copyOf(tokenizer.encode(prose(), 4096), SCORED);
            for (String window : windows) {
                for (String type : types) {
                    ObjectNode job = llama.model(convert(window, type)).put("count", COUNT);
                    LlamaCpp.put(job, "prompt", prompt);
                    LlamaCpp.put(job, "score", scored);
                }
            }
            List<LlamaCpp.Result> results = llama.run();
            for (int i = 0; i < windows.size(); i++) {
                LlamaCpp.Result plain = results.get(types.size() * i);
                assertThat(PROMPT + tokenizer.decode(plain.generated()))
                        .as("window %s", windows.get(i))
                        .isEqualTo(generated("--window", windows.get(i)));
                assertThat(results.get(types.size() * i + 1).perplexity())
                        .isCloseTo(plain.perplexity(), withinPercentage(1));
                assertThat(results.get(types.size() * i + 2).perplexity())
                        .isCloseTo(plain.perplexity(), withinPercentage(10));
            }
            // Pairs are another model than the plain one, and not a much worse one.
            assertThat(results.get(types.size()).perplexity())
                    .isNotCloseTo(results.get(0).perplexity(), withinPercentage(1e-3))
                    .isCloseTo(results.get(0).perplexity(), withinPercentage(5));
        }
    }

    @Test
    void a_compensated_model_has_its_refitted_weights() throws IOException, InterruptedException {
        LlamaCpp llama = LlamaCpp.start();
        String[] options = {"--window", "2:14", "--compensate", "--calibration-tokens", "4096"};
        try (TokenizerFile tokenizer = TokenizerFile.open(Novels.CHECKPOINT)) {
            int[] prompt = tokenizer.encode(PROMPT, 4096);
            int[] scored = Arrays.copyOf(tokenizer.encode(prose(), 4096), SCORED);
            for (Path model : List.of(gguf(options), convert("2:14", "fp32"))) {
                ObjectNode job = llama.model(model).put("count", COUNT);
                LlamaCpp.put(job, "prompt", prompt);
                LlamaCpp.put(job, "score", scored);
            }
            List<LlamaCpp.Result> results = llama.run();
            assertThat(PROMPT + tokenizer.decode(results.get(0).generated())).isEqualTo(generated(options));
            assertThat(results.get(0).perplexity()).isLessThan(results.get(1).perplexity());
        }
    }

    private static String prose() throws IOException {
        String text = Files.readString(Path.of("src/main/resources/dev/twofold/text/alice.txt"));
        return text.substring(3000, 6000);
    }

    @Test
    void makes_the_same_tokens() throws IOException, InterruptedException {
        compareTokens(Novels.CHECKPOINT, convert("0:0", "q8_0"));
    }

    /** Seed-OSS's, whose tokenizer.json has line breaks in its pattern as they are. */
    @Test
    void cuts_texts_as_seed_coder_does() throws IOException, InterruptedException {
        Path checkpoint = Files.createDirectory(directory.resolve("seed"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(Novels.CHECKPOINT.resolve(name), checkpoint.resolve(name));
        }
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode document = (ObjectNode)
                mapper.readTree(Novels.CHECKPOINT.resolve("tokenizer.json").toFile());
        document.set("pre_tokenizer", mapper.readTree(SEED.formatted("\\r\\n", "\\r\\n", "\\r\\n")));
        mapper.writeValue(checkpoint.resolve("tokenizer.json").toFile(), document);
        Path output = directory.resolve("seed-gguf");
        CommandRun.succeeding(
                "convert",
                checkpoint,
                "-o",
                output,
                "--target",
                "gguf",
                "--window",
                "0:0",
                "--dtype",
                "q4_0",
                "--quiet");
        Path file = output.resolve("model.gguf");
        assertThat(HeaderReader.read(file).metadata()).containsEntry("tokenizer.ggml.pre", new Text("seed-coder"));
        compareTokens(checkpoint, file);
        try (TokenizerFile ours = Sources.SHIPPED.open(file).tokenizer();
                TokenizerFile theirs = TokenizerFile.open(checkpoint)) {
            for (String text : HardTexts.ALL) {
                assertThat(ours.encode(text, 4096)).as("%s", text).isEqualTo(theirs.encode(text, 4096));
            }
        }
    }

    private static final String SEED = """
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^%s\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1}| ?[^\\\\s\\\\p{L}\\\\p{N}%s]+|\\\\s*[%s]+|\\\\s+(?!\\\\S)|\\\\s+"}},
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}""";

    private static void compareTokens(Path checkpoint, Path file) throws IOException, InterruptedException {
        LlamaCpp llama = LlamaCpp.start();
        ObjectNode job = llama.model(file);
        HardTexts.ALL.forEach(job.putArray("texts")::add);
        LlamaCpp.Result result = llama.run().get(0);
        try (TokenizerFile tokenizer = TokenizerFile.open(checkpoint)) {
            for (int i = 0; i < HardTexts.ALL.size(); i++) {
                List<Integer> ids = Arrays.stream(tokenizer.encode(HardTexts.ALL.get(i), 4096))
                        .boxed()
                        .toList();
                assertThat(result.tokens(i)).as("%s", HardTexts.ALL.get(i)).isEqualTo(ids);
            }
        }
    }
}
