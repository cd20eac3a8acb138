package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.pipeline.Sources;
import dev.twofold.weight.WeightEvaluator;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is measured with computes what emitted graphs are compared with. */
final class FusedMeasuringTest {

    static Stream<String> checkpoints() {
        return Stream.concat(TinyFamilies.kinds().stream(), TinyFamilies.VARIANTS.stream());
    }

    /** Two windows, longer than the windows and chunks of attention that the checkpoints have. */
    @ParameterizedTest
    @MethodSource("checkpoints")
    void every_step_is_the_same(String name) {
        int[][] tokens = TinyFamilies.golden(name).tokens();
        int[] first = tokens[0];
        int[] backwards = new int[first.length];
        for (int i = 0; i < first.length; i++) {
            backwards[i] = first[first.length - 1 - i];
        }
        try (MappedFiles files = new MappedFiles();
                StepEngine plain = engine(new PlainLowering(), files);
                StepEngine fused = engine(PlainLowering.fused(), files)) {
            Decoder decoder =
                    Sources.SHIPPED.open(TinyFamilies.checkpoint(name)).decoder();
            HiddenStates stream = plain.embed(decoder, List.of(first, backwards));
            for (Step step : decoder.steps()) {
                HiddenStates expected = plain.apply(decoder, step, stream);
                HiddenStates actual = fused.apply(decoder, step, stream);
                for (int window = 0; window < 2; window++) {
                    float[] values = expected.windows().get(window);
                    float largest = largest(values);
                    assertThat(actual.windows().get(window)).containsExactly(values, within(1e-5f * largest));
                }
                stream = expected;
            }
        }
    }

    private static float largest(float[] values) {
        return (float) Math.max(
                1, Arrays.stream(toDoubles(values)).map(Math::abs).max().orElse(0));
    }

    private static double[] toDoubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static StepEngine engine(PlainLowering graphs, MappedFiles files) {
        return new StepEngine(graphs, new WeightEvaluator(files), Provider.CPU, 0);
    }
}
