package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.execution.GraphNames;
import dev.twofold.families.TinyFamilies;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mix that is chosen by measuring, on a tiny model. */
final class ChosenBitsTest {

    @TempDir
    private Path directory;

    private Path checkpoint;
    private Path text;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        checkpoint = TinyLlama.create().words().write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), TinyLlama.text(3000, 5));
    }

    private CommandRun convert(String name, String options) {
        List<Object> arguments = new ArrayList<>(List.of(
                "convert",
                checkpoint,
                "-o",
                directory.resolve(name),
                "--text",
                text,
                "--window",
                "0:2",
                "--dtype",
                "int4"));
        arguments.addAll(Arrays.asList(options.split(" ")));
        return CommandRun.of(arguments.toArray());
    }

    private JsonNode quantize(String name) throws IOException {
        JsonNode plan = new ObjectMapper()
                .readTree(directory.resolve(name).resolve("twofold.json").toFile())
                .get("plan");
        assertThat(plan.findValues("choose-bits")).isEmpty();
        return plan.findValue("quantize");
    }

    @Test
    void a_limit_that_is_wide_raises_nothing() throws IOException {
        CommandRun run = convert("wide", "--mix measured --block 16 --max-rounding-loss 900%");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("8 bits for 0 of").doesNotContain("experts");
        assertThat(quantize("wide").has("places")).isFalse();
    }

    /** They are rounded whatever that costs, which is in no prediction. */
    @Test
    void experts_are_said_to_be_left_out() throws IOException {
        checkpoint = TinyFamilies.checkpoint("mixtral");
        CommandRun run = convert("experts", "--mix measured --block 16 --max-rounding-loss 0%");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("note: experts are not measured, and keep the bits of --dtype");
        assertThat(quantize("experts").get("places").findValuesAsText("bits")).containsOnly("8");
    }

    @Test
    void a_limit_that_is_narrow_raises_everything_and_its_manifest_makes_it_again() throws IOException {
        CommandRun run = convert("narrow", "--mix measured --block 16 --max-rounding-loss 0% --rounding search");
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode places = quantize("narrow").get("places");
        assertThat(places).hasSize(5);
        assertThat(places.findValuesAsText("bits")).containsOnly("8");
        Path again = directory.resolve("again");
        CommandRun repeated = CommandRun.of(
                "convert", checkpoint, "-o", again, "--from-manifest", directory.resolve("narrow"), "--text", text);
        assertThat(repeated.exitCode()).as(repeated.err()).isZero();
        assertThat(again.resolve(GraphNames.DATA))
                .hasSameBinaryContentAs(directory.resolve("narrow").resolve(GraphNames.DATA));
    }

    @Test
    void a_limit_goes_with_a_measured_mix() {
        CommandRun run = convert("refused", "--max-rounding-loss 1%");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--mix measured");
    }
}
