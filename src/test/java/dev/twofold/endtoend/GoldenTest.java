package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.WidenedModel;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.SessionSetup;
import dev.twofold.testing.Goldens;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Novels;
import dev.twofold.testing.Ways;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Emitted models against the logits of an independent implementation. */
final class GoldenTest {

    private static final Goldens GOLDENS = Goldens.load();

    @TempDir
    private Path directory;

    /** A plan by its name in the goldens, and the options that ask for it. */
    private record Plan(String name, List<String> options) {}

    private static final List<Plan> PLANS = List.of(
            new Plan("base", List.of("--window", "0:0")),
            new Plan("window:2:14", List.of("--window", "2:14")),
            new Plan("window:4:12", List.of("--pairs", "4-5,6-7,8-9,10-11")),
            new Plan("window:2:14:one", List.of("--window", "2:14", "--one-sync")),
            new Plan("window:2:14:4", List.of("--window", "2:14", "--group", "4")));

    static Stream<Arguments> everyWay() {
        return PLANS.stream()
                .flatMap(plan ->
                        Ways.all().map(way -> Arguments.of(plan.name(), plan.options(), way.get()[0], way.get()[1])));
    }

    @ParameterizedTest(name = "{0} {2} {3}")
    @MethodSource("everyWay")
    void fp32_matches_within_2e_4(String plan, List<String> options, DialectName dialect, KvLayout layout) {
        assertThat(distance(plan, options, dialect, layout, "fp32")).isLessThan(2e-4);
    }

    @ParameterizedTest
    @MethodSource("dev.twofold.testing.Ways#all")
    void fp16_matches_within_5e_2_in_fp32_arithmetic_and_2e_1_in_its_own(DialectName dialect, KvLayout layout) {
        for (Plan plan : PLANS) {
            // ONNX Runtime's CPU provider sums the products of a Gemm, which a tied head is, in fp16.
            assertThat(distance(plan.name(), plan.options(), dialect, layout, "fp16"))
                    .as(plan.name())
                    .isLessThan(2e-1);
            Path output = output(plan.name());
            try (ModelSession raised =
                    ModelSession.open(output, Optional.of(WidenedModel.read(output)), SessionSetup.CPU)) {
                assertThat(Logits.distance(Logits.onePass(raised, GOLDENS.tokens()), GOLDENS.logits(plan.name())))
                        .as(plan.name())
                        .isLessThan(5e-2);
            }
        }
    }

    private Path output(String plan) {
        return directory.resolve(plan.replace(':', '_'));
    }

    private double distance(String plan, List<String> options, DialectName dialect, KvLayout layout, String dtype) {
        Path output = output(plan);
        List<Object> arguments = new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output, "--quiet"));
        arguments.addAll(options);
        arguments.addAll(List.of("--dialect", dialect, "--kv-layout", layout, "--dtype", dtype));
        CommandRun.succeeding(arguments.toArray());
        return Logits.distance(Logits.of(output, GOLDENS.tokens()), GOLDENS.logits(plan));
    }
}
