package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.ReferenceLlama;
import dev.twofold.testing.StoredTensors;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models whose tokenizer puts a token before every text, and what they are measured on. */
final class BeginTokenTest {

    private static final int WINDOW = 16;
    private static final int TOKENS = 50;
    private static final String TEXT = TinyLlama.text(TOKENS, 9);

    @TempDir
    private Path directory;

    private CommandRun validate(TinyLlama model, String... options) throws IOException {
        Path checkpoint =
                model.set("max_position_embeddings", String.valueOf(WINDOW)).write(directory.resolve("checkpoint"));
        Path output = directory.resolve("model");
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:0", "--quiet", "--force");
        Path text = Files.writeString(directory.resolve("text.txt"), TEXT);
        Object[] arguments = {"validate", output, "--against", checkpoint, "--text", text, "--tokens", 40};
        return CommandRun.succeeding(
                Stream.concat(Arrays.stream(arguments), Arrays.stream(options)).toArray());
    }

    /** Mean loss of the reference over tokens {@code from} to {@code to - 1} of the text, in windows. */
    private double loss(boolean begin, int predictions) throws IOException {
        JsonNode config = new ObjectMapper()
                .readTree(directory.resolve("checkpoint/config.json").toFile());
        StoredTensors tensors = StoredTensors.of(Files.readAllBytes(directory.resolve("checkpoint/model.safetensors")));
        ReferenceLlama reference = new ReferenceLlama(config, tensors);
        long[] ids = Arrays.stream(TEXT.strip().split(" "))
                .mapToLong(word -> Long.parseLong(word.substring(1)))
                .toArray();
        List<List<Integer>> layers =
                IntStream.range(0, TinyLlama.LAYERS).mapToObj(List::of).toList();
        int first = begin ? 0 : 1;
        double sum = 0;
        for (int from = 0; from < predictions; from += WINDOW) {
            int count = Math.min(WINDOW, predictions - from);
            long[] input = new long[count];
            for (int i = 0; i < count; i++) {
                input[i] = begin && i == 0 ? 1 : ids[from + i + first - 1];
            }
            float[] logits = reference.logits(input, layers, false);
            for (int i = 0; i < count; i++) {
                double total = 0;
                for (int word = 0; word < TinyLlama.VOCABULARY; word++) {
                    total += Math.exp(logits[i * TinyLlama.VOCABULARY + word]);
                }
                sum += Math.log(total) - logits[i * TinyLlama.VOCABULARY + (int) ids[from + i + first]];
            }
        }
        return sum / predictions;
    }

    @Test
    void every_window_begins_with_the_token_that_the_tokenizer_puts_before_a_text() throws IOException {
        JsonNode report = validate(TinyLlama.create().wordsAfterBeginToken(), "--format", "json")
                .json();
        assertThat(report.path("beginToken").intValue()).isEqualTo(1);
        assertThat(report.path("window").intValue()).isEqualTo(WINDOW);
        assertThat(report.path("quality").path("baseLoss").doubleValue()).isCloseTo(loss(true, 40), within(1e-5));
    }

    @Test
    void without_such_a_token_windows_follow_one_another() throws IOException {
        JsonNode report =
                validate(TinyLlama.create().words(), "--format", "json").json();
        assertThat(report.path("beginToken").isNull()).isTrue();
        assertThat(report.path("quality").path("baseLoss").doubleValue()).isCloseTo(loss(false, 40), within(1e-5));
    }

    @Test
    void the_convention_is_named_beside_the_perplexity() throws IOException {
        CommandRun run = validate(TinyLlama.create().wordsAfterBeginToken());
        assertThat(run.out()).contains("in windows of 16, each after the begin token 1");
    }

    @Test
    void inspect_measures_on_the_same_windows() throws IOException {
        Path checkpoint = TinyLlama.create()
                .wordsAfterBeginToken()
                .set("max_position_embeddings", String.valueOf(WINDOW))
                .write(directory.resolve("checkpoint"));
        Path text = Files.writeString(directory.resolve("text.txt"), TEXT);
        JsonNode measurement = CommandRun.succeeding(
                        "inspect", checkpoint, "--text", text, "--tokens", 40, "--cache", "none", "--format", "json")
                .json()
                .path("measurement");
        assertThat(measurement.path("beginToken").intValue()).isEqualTo(1);
        assertThat(measurement.path("baseLoss").doubleValue()).isCloseTo(loss(true, 40), within(1e-5));
    }
}
