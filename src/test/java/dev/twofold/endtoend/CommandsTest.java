package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Novels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of the issue, on the trained model. */
final class CommandsTest {

    @TempDir
    private static Path directory;

    private static Path paired;
    private static CommandRun conversion;

    @BeforeAll
    static void convert() {
        paired = directory.resolve("paired");
        conversion = CommandRun.succeeding(
                "convert", Novels.CHECKPOINT, "-o", paired, "--window", "2:14", "--format", "json");
    }

    @Test
    void convert_reports_what_it_made() {
        JsonNode report = conversion.json();
        assertThat(report.get("output").asText()).isEqualTo(paired.toString());
        assertThat(report.get("layers").asInt()).isEqualTo(16);
        assertThat(report.get("effectiveDepth").asInt()).isEqualTo(10);
        assertThat(report.get("pairs").toString()).isEqualTo("[[2,3],[4,5],[6,7],[8,9],[10,11],[12,13]]");
        assertThat(report.get("allReduces").asInt()).isEqualTo(20);
        assertThat(report.get("bytesWritten").asLong()).isGreaterThan(50_000_000);
        assertThat(report.get("seconds").asDouble()).isPositive();
    }

    @Test
    void convert_reads_each_weight_once() throws IOException {
        byte[] file = Files.readAllBytes(Novels.CHECKPOINT.resolve("model.safetensors"));
        long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(conversion.json().get("bytesRead").asLong()).isEqualTo(file.length - 8 - header);
    }

    @Test
    void validate_proves_parity_and_reports_quality() {
        JsonNode report = CommandRun.succeeding(
                        "validate", paired, "--against", Novels.CHECKPOINT, "--format", "json", "--quiet")
                .json();
        assertThat(report.get("passed").asBoolean()).isTrue();
        assertThat(report.get("provider").asText()).isEqualTo("cpu");
        assertThat(report.get("tokens").asInt()).isEqualTo(4096);
        assertThat(report.at("/parity/maxRelative").asDouble()).isLessThan(1e-4);
        assertThat(report.at("/parity/decodedMaxRelative").asDouble()).isLessThan(1e-4);
        JsonNode quality = report.get("quality");
        assertThat(quality.get("accuracyKept").asDouble()).isBetween(0.97, 1.0);
        assertThat(quality.get("loss").asDouble() - quality.get("baseLoss").asDouble())
                .isBetween(0.005, 0.02);
        assertThat(quality.get("perplexity").asDouble())
                .isEqualTo(Math.exp(quality.get("loss").asDouble()));
        assertThat(quality.get("topOneAgreement").asDouble()).isBetween(0.85, 1.0);
        assertThat(quality.get("kl").asDouble()).isBetween(0.001, 0.05);
    }

    @Test
    void validate_fails_below_the_accuracy_that_was_asked_for() {
        CommandRun run = CommandRun.of(
                "validate", paired, "--against", Novels.CHECKPOINT, "--tokens", 512, "--min-accuracy-kept", 1.0);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("FAILED: below --min-accuracy-kept");
    }

    @Test
    void validate_fails_on_a_changed_weight() throws IOException {
        Path broken = directory.resolve("broken");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", broken, "--window", "2:14", "--quiet");
        Path data = broken.resolve("model.onnx.data");
        byte[] bytes = Files.readAllBytes(data);
        for (int i = 8_000_000; i < 8_100_000; i++) {
            bytes[i] = 0;
        }
        Files.write(data, bytes);
        CommandRun run = CommandRun.of("validate", broken, "--against", Novels.CHECKPOINT, "--tokens", 256);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("FAILED");
    }

    @Test
    void generate_writes_the_same_text_each_time_and_stops_at_the_limit() {
        Object[] command = {"generate", paired, "--prompt", "The old man walked to the window and", "--max-tokens", 12};
        CommandRun first = CommandRun.succeeding(command);
        assertThat(first.out()).startsWith("The old man walked to the window and ");
        assertThat(first.err()).contains("12 tokens");
        assertThat(CommandRun.succeeding(command).out()).isEqualTo(first.out());
    }

    @Test
    void a_seed_makes_sampling_repeatable() {
        List<String> texts = Stream.of(1, 1, 2)
                .map(seed -> CommandRun.succeeding(
                                "generate",
                                paired,
                                "--prompt",
                                "She said",
                                "--max-tokens",
                                16,
                                "--temperature",
                                1.0,
                                "--seed",
                                seed)
                        .out())
                .toList();
        assertThat(texts.get(0)).isEqualTo(texts.get(1)).isNotEqualTo(texts.get(2));
    }

    @Test
    void bench_compares_with_the_first_model() {
        JsonNode report = CommandRun.succeeding(
                        "bench",
                        paired,
                        paired,
                        "--prompt-tokens",
                        8,
                        "--new-tokens",
                        4,
                        "--rounds",
                        1,
                        "--format",
                        "json")
                .json();
        assertThat(report.get("runs")).hasSize(2);
        assertThat(report.at("/runs/0/decodeTokensPerSecond").asDouble()).isPositive();
        assertThat(report.at("/runs/0/prefillTokensPerSecond").asDouble()).isPositive();
        assertThat(report.at("/runs/1/firstTokenMillis").asDouble()).isPositive();
        assertThat(report.at("/speedup/0").asDouble()).isEqualTo(1.0);
        assertThat(report.at("/runs/0/differs").asBoolean()).isFalse();
        assertThat(report.at("/firstAgain/low").asDouble()).isPositive();
        assertThat(report.at("/spinning").asBoolean()).isTrue();
    }

    @Test
    void bench_prints_the_first_model_once_more() {
        String table = CommandRun.succeeding(
                        "bench",
                        paired,
                        paired,
                        "--prompt-tokens",
                        8,
                        "--new-tokens",
                        4,
                        "--rounds",
                        2,
                        "--no-spinning",
                        "--quiet")
                .out();
        assertThat(table.lines().skip(1)).hasSize(3);
        assertThat(table.lines().skip(1)).first().asString().contains(paired.toString(), " 1.000");
        assertThat(table.lines().skip(3)).first().asString().contains("(the first again)", " to ");
    }

    @Test
    void equal_input_gives_byte_equal_output() throws IOException {
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", again, "--window", "2:14", "--quiet");
        try (Stream<Path> files = Files.list(paired)) {
            for (Path file : files.toList()) {
                assertThat(Files.mismatch(file, again.resolve(file.getFileName())))
                        .as("%s", file)
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void the_manifest_has_the_hash_of_every_other_file_but_the_statements_about_it()
            throws IOException, NoSuchAlgorithmException {
        JsonNode files = new ObjectMapper()
                .readTree(paired.resolve("twofold.json").toFile())
                .get("files");
        try (Stream<Path> entries = Files.list(paired)) {
            assertThat(files.size()).isEqualTo((int) entries.count() - 3);
        }
        for (String name : (Iterable<String>) files::fieldNames) {
            byte[] content = Files.readAllBytes(paired.resolve(name));
            String hash = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            assertThat(files.get(name).get("sha256").asText()).as(name).isEqualTo(hash);
            assertThat(files.get(name).get("bytes").asLong()).as(name).isEqualTo(content.length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bf16", "fp16"})
    void a_model_of_16_bits_computes_in_fp32_on_the_cpu_and_says_so(String dtype) {
        Path output = directory.resolve(dtype);
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", output, "--window", "2:14", "--dtype", dtype);
        CommandRun run = CommandRun.succeeding("validate", output, "--against", Novels.CHECKPOINT, "--tokens", 256);
        assertThat(run.out()).contains("passed");
        assertThat(run.err()).contains("the " + dtype + " weights run with fp32 arithmetic here");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--dtype fp32", "--dtype int4", "--dtype fp32 --padding any", "--dtype fp32 --dialect onnx"})
    void a_model_with_logits_of_last_tokens_only_validates_generates_and_is_made_again(String options)
            throws IOException {
        Path output = directory.resolve("last" + options.replace(' ', '_'));
        List<Object> arguments = new ArrayList<>(
                List.of("convert", Novels.CHECKPOINT, "-o", output, "--window", "2:14", "--logits", "last", "--quiet"));
        arguments.addAll(List.of(options.split(" ")));
        CommandRun.succeeding(arguments.toArray());
        CommandRun run =
                CommandRun.succeeding("validate", output, "--against", Novels.CHECKPOINT, "--tokens", 256, "--quiet");
        assertThat(run.out()).contains("passed");
        CommandRun.succeeding("generate", output, "--prompt", "The old man", "--max-tokens", 4, "--quiet");
        Path again = directory.resolve(output.getFileName() + ".again");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", again, "--from-manifest", output, "--quiet");
        assertThat(again.resolve("model.onnx")).hasSameBinaryContentAs(output.resolve("model.onnx"));
    }

    @Test
    void every_shipped_pipeline_converts_the_test_model_and_passes() {
        for (String pipeline : List.of("one-sync", "drop-layers", "swap-layers", "average-layers")) {
            Path output = directory.resolve(pipeline);
            CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", output, "--pipeline", pipeline, "--quiet");
            CommandRun run = CommandRun.succeeding(
                    "validate", output, "--against", Novels.CHECKPOINT, "--tokens", 256, "--format", "json", "--quiet");
            assertThat(run.json().get("passed").asBoolean()).as(pipeline).isTrue();
        }
    }

    @Test
    void a_dry_run_writes_nothing() {
        Path output = directory.resolve("dry");
        CommandRun run =
                CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", output, "--window", "2:14", "--dry-run");
        assertThat(run.out()).contains("would write");
        assertThat(output).doesNotExist();
    }

    @Test
    void force_replaces_an_earlier_output() {
        Path output = directory.resolve("replaced");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", output, "--window", "0:0", "--quiet");
        JsonNode report = CommandRun.succeeding(
                        "convert", Novels.CHECKPOINT, "-o", output, "--window", "2:4", "--force", "--format", "json")
                .json();
        assertThat(report.get("effectiveDepth").asInt()).isEqualTo(15);
        assertThat(directory.toFile().list()).noneMatch(name -> name.startsWith("."));
    }
}
