package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.diag.Progress;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the definition in float64. */
final class LayerDependencyTest {

    @TempDir
    private Path directory;

    @Test
    void is_the_relative_change_of_what_a_layer_adds_without_an_earlier_one() throws IOException {
        try (TinyRun tiny = new TinyRun(TinyLlama.create(), directory)) {
            double[][] change = LayerDependency.of(tiny.engine, tiny.decoder, tiny.streams, Progress.SILENT)
                    .change();
            for (int b = 1; b < tiny.layers; b++) {
                for (int a = 0; a < b; a++) {
                    assertThat(change[b][a]).as("%d on %d", b, a).isCloseTo(expected(tiny, b, a), within(1e-5));
                }
            }
        }
    }

    private static double expected(TinyRun tiny, int b, int a) {
        double changed = 0;
        double whole = 0;
        for (int window = 0; window < tiny.text.inputs().size(); window++) {
            List<double[][]> places = tiny.exact(window);
            double[][] read = places.get(b);
            double[][] added = minus(places.get(b + 1), read);
            double[][] without = minus(read, minus(places.get(a + 1), places.get(a)));
            double[][] then = minus(tiny.reference.run(without, List.of(b), false), without);
            changed += squares(minus(then, added));
            whole += squares(added);
        }
        return Math.sqrt(changed / whole);
    }

    private static double[][] minus(double[][] left, double[][] right) {
        double[][] difference = new double[left.length][left[0].length];
        for (int t = 0; t < left.length; t++) {
            for (int i = 0; i < left[t].length; i++) {
                difference[t][i] = left[t][i] - right[t][i];
            }
        }
        return difference;
    }

    private static double squares(double[][] values) {
        double sum = 0;
        for (double[] row : values) {
            for (double value : row) {
                sum += value * value;
            }
        }
        return sum;
    }
}
