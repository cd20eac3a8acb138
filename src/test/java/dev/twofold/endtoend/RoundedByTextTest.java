package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.execution.GraphNames;
import dev.twofold.testing.Novels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** novels-13m, paired and in 4 bits, rounded by a text. */
final class RoundedByTextTest {

    private static final String PLAN = "--window 2:14 --dtype int4 ";
    private static final String BY_TEXT = "--rounding gptq --refit --calibration-tokens 3072";

    @TempDir
    private static Path directory;

    private static Path rounded;

    @BeforeAll
    static void convert() {
        rounded = convert("rounded", PLAN + BY_TEXT);
    }

    private static Path convert(String name, String options) {
        Path output = directory.resolve(name);
        CommandRun.succeeding(arguments(output, options));
        return output;
    }

    private static Object[] arguments(Path output, String options) {
        List<Object> arguments = new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output, "--quiet"));
        arguments.addAll(Arrays.asList(options.split(" ")));
        return arguments.toArray();
    }

    private static JsonNode validate(Path output) {
        return CommandRun.succeeding(
                        "validate", output, "--against", Novels.CHECKPOINT, "--tokens", 1024, "--format", "json")
                .json();
    }

    /** In nats from the original's predictions; a loss varies by more than ways of rounding differ on so short a text. */
    private static double divergence(JsonNode report) {
        return report.at("/quality/kl").doubleValue();
    }

    @Test
    void its_graph_computes_with_the_numbers_that_validate_rounds_again() {
        JsonNode report = validate(rounded);
        assertThat(report.at("/parity/maxRelative").doubleValue()).isLessThan(1e-5);
        assertThat(report.get("passed").booleanValue()).isTrue();
    }

    @Test
    void each_way_of_rounding_diverges_less_than_the_cheaper_one() {
        double nearest = divergence(validate(convert("nearest", PLAN + "--rounding nearest")));
        double search = divergence(validate(convert("search", PLAN + "--rounding search --calibration-tokens 3072")));
        double gptq = divergence(validate(rounded));
        assertThat(search).isLessThan(nearest * 0.98);
        assertThat(gptq).isLessThan(search * 0.95);
    }

    @Test
    void its_manifest_makes_it_again() {
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", again, "--from-manifest", rounded, "--quiet");
        for (String name : List.of(GraphNames.MODEL, GraphNames.DATA, "twofold.json")) {
            assertThat(again.resolve(name)).hasSameBinaryContentAs(rounded.resolve(name));
        }
    }

    @Test
    void a_model_for_several_devices_is_rounded_before_it_is_cut() {
        Path sharded =
                convert("sharded", PLAN + "--asymmetric --devices 2 --rounding search --calibration-tokens 2048");
        assertThat(validate(sharded).at("/parity/maxRelative").doubleValue()).isLessThan(1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--rounding gptq", "--refit", "--dtype int4 --refit"})
    void ways_of_rounding_go_with_what_they_need(String options) {
        CommandRun refused = CommandRun.of(arguments(directory.resolve("refused"), "--window 0:0 " + options));
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).containsAnyOf("--dtype int4", "rounding: gptq");
        assertThat(directory.resolve("refused")).doesNotExist();
    }
}
