package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What inspect prints, and where it writes. */
final class InspectOutputTest {

    private static final ObjectMapper STRICT =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;
    private Path report;

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(1500, 1));
        report = directory.resolve("report");
    }

    private CommandRun inspect(Object... more) {
        List<Object> arguments =
                new ArrayList<>(List.of("inspect", checkpoint, "--text", text, "--tokens", 100, "--cache", "none"));
        arguments.addAll(Arrays.asList(more));
        return CommandRun.of(arguments.toArray());
    }

    private String refused() {
        CommandRun run = inspect("-o", report);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Main.INPUT);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("twofold: ").contains(report.toString());
        return run.err();
    }

    @Test
    void json_is_one_document_with_the_keys_that_were_promised() throws IOException {
        CommandRun run = inspect("-o", report, "--format", "json");
        assertThat(run.exitCode()).isZero();
        JsonNode document = STRICT.readTree(run.out());
        assertThat(document.get("layers"))
                .hasSize(4)
                .allMatch(layer -> layer.get("index").isInt()
                        && layer.get("blockInfluence").isDouble()
                        && layer.get("angularDistance").isDouble());
        assertThat(document.get("pairs"))
                .hasSize(3)
                .allMatch(pair ->
                        pair.get("first").asInt() + 1 == pair.get("second").asInt()
                                && pair.get("deltaLoss").isDouble()
                                && pair.get("kl").isDouble());
        assertThat(document.get("similarity")).hasSize(4).allMatch(row -> row.size() == 4);
        assertThat(document.get("plans"))
                .hasSize(2)
                .allMatch(plan -> plan.get("pairs").isArray()
                        && plan.get("effectiveDepth").isInt()
                        && plan.get("predictedLoss").isDouble()
                        && plan.get("measuredLoss").isDouble());
        assertThat(STRICT.readTree(report.resolve("report.json").toFile())).isEqualTo(document);
    }

    @Test
    void each_plan_comes_with_the_command_that_makes_it() {
        JsonNode plan =
                inspect("--format", "json", "--quiet").json().get("plans").get(0);
        String[] command = plan.get("command").asText().split(" ");
        assertThat(command).startsWith("twofold", "convert", checkpoint.toString(), "-o", "checkpoint-d3", "--pairs");
        JsonNode made = CommandRun.succeeding(
                        "convert",
                        checkpoint,
                        "-o",
                        directory.resolve("model"),
                        command[5],
                        command[6],
                        "--format",
                        "json")
                .json();
        assertThat(made.get("pairs")).isEqualTo(plan.get("pairs"));
        assertThat(made.get("effectiveDepth")).isEqualTo(plan.get("effectiveDepth"));
        assertThat(made.get("allReduces")).isEqualTo(plan.get("allReduces"));
    }

    @Test
    void everything_for_people_goes_to_standard_error_and_quiet_leaves_it_out() {
        assertThat(inspect("--format", "json").err()).contains("running the original");
        assertThat(inspect("--format", "json", "--quiet").err()).isEmpty();
    }

    @Test
    void the_tables_fit_a_terminal() {
        String out = inspect("-o", report).out();
        assertThat(out)
                .contains("layer  influence", "depth  predicted", "perplexity")
                .doesNotContain("NaN", "null");
        assertThat(out.lines().filter(line -> !line.contains("twofold convert") && !line.startsWith("measured on")))
                .allMatch(line -> line.length() <= 100);
        List<String> layers = out.lines()
                .dropWhile(line -> !line.startsWith("layer  "))
                .takeWhile(line -> !line.isEmpty())
                .toList();
        assertThat(layers).hasSize(5);
        int column = layers.get(0).indexOf("beside the next one");
        assertThat(layers.subList(1, 4)).allMatch(line -> "+-".indexOf(line.charAt(column)) >= 0);
        List<String> plans = out.lines()
                .dropWhile(line -> !line.startsWith("depth  "))
                .takeWhile(line -> !line.contains("rise of the perplexity"))
                .toList();
        assertThat(plans).hasSize(3);
        int groups = plans.get(0).indexOf("chosen plan");
        assertThat(plans.subList(1, 3)).allMatch(line -> line.substring(groups).matches("\\d-\\d( \\d-\\d)*"));
    }

    @Test
    void a_ruined_model_does_not_break_the_table() throws IOException {
        TinyLlama.create()
                .words()
                .change("lm_head.weight", values -> {
                    for (int i = 0; i < values.length; i++) {
                        values[i] *= 1000;
                    }
                })
                .write(checkpoint);
        CommandRun run = inspect();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).doesNotContain("NaN", "null");
        assertThat(run.out().lines().filter(line -> !line.contains("twofold convert") && !line.startsWith("measured")))
                .allMatch(line -> line.length() <= 100);
    }

    @Test
    void numbers_are_written_alike_everywhere() {
        Locale before = Locale.getDefault();
        String expected = inspect().out();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat(inspect().out()).isEqualTo(expected);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void a_report_takes_the_place_of_an_earlier_one() throws IOException {
        inspect("-o", report);
        String page = Files.readString(report.resolve("report.html"));
        CommandRun run = inspect("-o", report, "--group", 2);
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("report: " + report.resolve("report.html"));
        assertThat(report.resolve("report.html")).content().isNotEqualTo(page);
        assertThat(report.toFile().list()).containsExactlyInAnyOrder("report.html", "report.json", "measurements");
    }

    @Test
    void an_empty_directory_will_do() throws IOException {
        Files.createDirectory(report);
        assertThat(inspect("-o", report).exitCode()).isZero();
        assertThat(report.toFile().list()).containsExactlyInAnyOrder("report.html", "report.json", "measurements");
    }

    @Test
    void a_directory_of_others_is_left_alone() throws IOException {
        Files.createDirectory(report);
        Files.writeString(report.resolve("precious.txt"), "mine");
        assertThat(refused()).contains("holds something else", "choose another name");
        assertThat(report.toFile().list()).containsExactly("precious.txt");
    }

    @Test
    void a_report_does_not_go_into_the_checkpoint() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), checkpoint);
        for (Path inside : List.of(checkpoint, checkpoint.resolve("a").resolve("b"), link.resolve("report"))) {
            report = inside;
            assertThat(refused()).contains("inside the checkpoint");
        }
        assertThat(checkpoint.resolve("a")).doesNotExist();
    }

    @Test
    void a_report_does_not_go_where_a_file_is_or_below_one() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "mine");
        report = file;
        assertThat(refused()).contains("not a directory");
        CommandRun run = inspect("-o", file.resolve("report"));
        assertThat(run.exitCode()).isEqualTo(Main.INPUT);
        assertThat(run.err()).contains(file + ": ", "not a directory").doesNotContain("running the original");
        assertThat(file).hasContent("mine");
    }
}
