package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pairs of every family on two devices against the float64 reference. */
final class ShardedFamiliesTest {

    /** Queries and keys are normed over all heads together, which no device has. */
    private static final Set<String> NOT_BETWEEN_HEADS = Set.of("olmo2", "olmo3", "olmoe");

    @TempDir
    private Path directory;

    static Stream<Arguments> everyFamilyAndPlacement() {
        return TinyFamilies.names().stream()
                .flatMap(name -> Arrays.stream(Placement.values()).map(placement -> Arguments.of(name, placement)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyFamilyAndPlacement")
    void two_devices_match_within_1e_4_or_are_refused(String name, Placement placement) {
        Reference reference = Reference.of(TinyFamilies.checkpoint(name));
        Path output = directory.resolve("sharded");
        List<Object> arguments = new ArrayList<>(
                List.of("convert", TinyFamilies.checkpoint(name), "-o", output, "--quiet", "--devices", 2));
        arguments.addAll(List.of("--placement", placement));
        arguments.addAll(Arrangement.PAIRS.options(reference.layers()));
        CommandRun run = CommandRun.of(arguments.toArray());
        if (placement == Placement.HEADS && NOT_BETWEEN_HEADS.contains(name)) {
            assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
            assertThat(run.err()).contains("with placement layers");
            return;
        }
        assertThat(run.exitCode()).as(run.err()).isZero();
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        double[][] expected = Arrangement.PAIRS.logits(reference, tokens);
        try (ModelSession session = Logits.open(output)) {
            float[] logits = Logits.tokenByToken(
                    session, Arrays.stream(tokens).asLongStream().toArray());
            for (int t = 0; t < tokens.length; t++) {
                for (int i = 0; i < expected[t].length; i++) {
                    assertThat(Math.abs(logits[t * expected[t].length + i] - expected[t][i]))
                            .as("token " + t + ", logit " + i)
                            .isLessThan(1e-4);
                }
            }
        }
    }
}
