package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream that is kept smaller, in every family. */
final class ScaledStreamTest {

    private static final List<String> FORMS = List.of("two-sync", "one-sync");

    @TempDir
    private Path directory;

    static Stream<Arguments> everyFamily() {
        return TinyFamilies.names().stream().flatMap(name -> FORMS.stream().map(form -> Arguments.of(name, form)));
    }

    @ParameterizedTest
    @MethodSource("everyFamily")
    void logits_stay_the_same_within_2e_6(String name, String form) throws IOException {
        String pairs = "{pair-layers: {pairs: [0-1], form: " + form + "}}";
        Path plain = convert(name, pairs + ", fold-norms, widen");
        Path scaled = convert(name, pairs + ", {scale-stream: {halvings: 6}}, fold-norms, widen");
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        long[][] ids = {Arrays.stream(tokens).asLongStream().toArray()};
        float[] expected = Logits.of(plain, ids);
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(Logits.distance(Logits.of(scaled, ids), expected) / largest).isLessThan(2e-6);
    }

    private Path convert(String name, String passes) throws IOException {
        int number = directory.toFile().list().length;
        Path pipeline = Files.writeString(directory.resolve(number + ".yaml"), "steps: [" + passes + "]");
        Path output = directory.resolve("model-" + number);
        CommandRun.succeeding(
                "convert", TinyFamilies.checkpoint(name), "-o", output, "--pipeline", pipeline, "--quiet");
        return output;
    }
}
