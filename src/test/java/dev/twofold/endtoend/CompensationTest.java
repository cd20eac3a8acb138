package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.testing.Novels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compensation through the commands, on the trained model. */
final class CompensationTest {

    private static final Object[] CONVERT = {
        "convert", Novels.CHECKPOINT, "--window", "1:5", "--compensate", "--calibration-tokens", "2048"
    };

    @TempDir
    private static Path directory;

    private static Path compensated;
    private static JsonNode report;

    @BeforeAll
    static void convert() {
        compensated = directory.resolve("compensated");
        report = converted(compensated, "--format", "json").json();
    }

    private static CommandRun converted(Path output, Object... more) {
        Object[] arguments = new Object[CONVERT.length + 2 + more.length];
        System.arraycopy(CONVERT, 0, arguments, 0, CONVERT.length);
        arguments[CONVERT.length] = "-o";
        arguments[CONVERT.length + 1] = output;
        System.arraycopy(more, 0, arguments, CONVERT.length + 2, more.length);
        return CommandRun.succeeding(arguments);
    }

    @Test
    void every_fit_is_reported_and_none_is_worse_on_held_out_tokens() {
        JsonNode fits = report.get("compensation").get("fits");
        assertThat(fits.size()).isGreaterThan(8);
        boolean better = false;
        for (JsonNode fit : fits) {
            double before = fit.get("heldOutBefore").asDouble();
            double after = fit.get("heldOutAfter").asDouble();
            assertThat(after).isLessThanOrEqualTo(before);
            assertThat(fit.get("fitAfter").asDouble())
                    .isLessThanOrEqualTo(fit.get("fitBefore").asDouble());
            better |= after < before / 2;
        }
        assertThat(better).isTrue();
    }

    @Test
    void validate_repeats_the_fits_and_shows_what_they_win() {
        JsonNode validation = CommandRun.succeeding(
                        "validate", compensated, "--against", Novels.CHECKPOINT, "--tokens", "1024", "--format", "json")
                .json();
        assertThat(validation.get("passed").asBoolean()).isTrue();
        JsonNode quality = validation.get("quality");
        JsonNode without = validation.get("withoutCompensation");
        double base = quality.get("baseLoss").asDouble();
        assertThat(quality.get("loss").asDouble() - base)
                .isLessThan(without.get("loss").asDouble() - base);
        assertThat(quality.get("kl").asDouble()).isLessThan(without.get("kl").asDouble() / 2);
    }

    @Test
    void the_same_conversion_gives_the_same_bytes() throws IOException {
        Path again = directory.resolve("again");
        converted(again);
        for (String file : List.of("model.onnx", "model.onnx.data", "twofold.json")) {
            assertThat(Files.mismatch(compensated.resolve(file), again.resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    @Test
    void the_graph_has_the_nodes_and_shapes_of_the_uncompensated_one() throws IOException {
        Path plain = directory.resolve("plain");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "--window", "1:5", "-o", plain);
        GraphProto expected = graph(plain);
        GraphProto actual = graph(compensated);
        assertThat(actual.getNodeList().stream().map(CompensationTest::form))
                .containsExactlyElementsOf(expected.getNodeList().stream()
                        .map(CompensationTest::form)
                        .toList());
        assertThat(actual.getInitializerList().stream().map(TensorProto::getDimsList))
                .containsExactlyInAnyOrderElementsOf(expected.getInitializerList().stream()
                        .map(TensorProto::getDimsList)
                        .toList());
        assertThat(actual.getInputList()).isEqualTo(expected.getInputList());
        assertThat(actual.getOutputList()).isEqualTo(expected.getOutputList());
    }

    private static GraphProto graph(Path output) throws IOException {
        try (InputStream in = Files.newInputStream(output.resolve("model.onnx"))) {
            return ModelProto.parseFrom(in).getGraph();
        }
    }

    private static String form(NodeProto node) {
        return node.getName() + " " + node.getDomain() + " " + node.getOpType() + " " + node.getAttributeList() + " "
                + node.getInputCount();
    }

    @Test
    void validate_refuses_another_calibration_text() throws IOException {
        Path other = Files.writeString(directory.resolve("other.txt"), "It was the best of times. ".repeat(2000));
        CommandRun run = CommandRun.of(
                "validate", compensated, "--against", Novels.CHECKPOINT, "--calibration", other, "--tokens", "64");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("fitted to another text", "--calibration");
    }

    @Test
    void a_fit_that_needs_more_memory_is_left_out_and_said_so() {
        CommandRun run = converted(directory.resolve("small"), "--memory", "40m", "--format", "json");
        assertThat(run.err()).contains("layers [1, 2]: the feed-forward output has 1408 inputs");
        assertThat(run.json().get("compensation").get("fits").findValuesAsText("what"))
                .contains("attention output", "feed-forward gate, up")
                .doesNotContain("feed-forward output");
    }

    @Test
    void too_few_tokens_are_a_warning_with_the_number_needed() {
        CommandRun run = CommandRun.succeeding(
                "convert",
                Novels.CHECKPOINT,
                "--window",
                "2:4",
                "--compensate",
                "--calibration-tokens",
                "1024",
                "-o",
                directory.resolve("few"));
        assertThat(run.err()).contains("768 fitted tokens are fewer than the 1408 unknowns");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | --window 4:6 --one-sync | layers of a one-sync group, and averaged ones, cannot be refitted",
                "2 | --window 4:6 --memory 12q | 12q",
                "2 | --window 4:6 --calibration-tokens 0 | it cannot fit to 0 tokens",
                "3 | --window 4:6 --calibration-tokens 300 | too few tokens to compensate with"
            })
    void what_cannot_be_compensated_is_refused(int exitCode, String options, String message) {
        Object[] arguments = ("convert " + Novels.CHECKPOINT + " --compensate -o " + directory.resolve("refused") + " "
                        + options)
                .split(" ");
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).isEqualTo(exitCode);
        assertThat(run.err()).contains(message);
        assertThat(directory.resolve("refused")).doesNotExist();
    }

    @Test
    void rescaling_is_a_cheaper_form() throws IOException {
        Path pipeline = Files.writeString(directory.resolve("rescale.yaml"), """
                steps:
                  - pair-layers: {window: 1:5}
                  - compensate: {form: rescale, tokens: 2048}
                  - fold-norms
                  - widen
                """);
        JsonNode fits = CommandRun.succeeding(
                        "convert",
                        Novels.CHECKPOINT,
                        "--pipeline",
                        pipeline,
                        "-o",
                        directory.resolve("rescaled"),
                        "--format",
                        "json")
                .json()
                .get("compensation")
                .get("fits");
        assertThat(fits.findValuesAsText("what"))
                .containsExactly("attention output", "feed-forward output", "attention output", "feed-forward output");
    }
}
