package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.diag.Progress;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the definitions in float64. */
final class StreamSimilarityTest {

    private static final Offset<Double> CLOSE = within(1e-5);

    @TempDir
    private static Path directory;

    private static TinyRun tiny;
    private static StreamSimilarity similarity;
    /** By window, the stream before every layer and after the last. */
    private static List<List<double[][]>> exact;

    @BeforeAll
    static void measure() throws IOException {
        tiny = new TinyRun(TinyLlama.create(), directory);
        similarity = StreamSimilarity.of(tiny.streams, TinyLlama.HIDDEN, Progress.SILENT);
        exact = exact(tiny);
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    /** Of two zero vectors 1, of one and another 0. */
    private static double cosine(double[] a, double[] b) {
        double scale = Math.sqrt(product(a, a) * product(b, b));
        return scale > 0 ? product(a, b) / scale : product(a, a) == product(b, b) ? 1 : 0;
    }

    private static double product(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    /** Mean over all tokens; places count from 0, which is the embedding. */
    private static double meanCosine(int i, int j) {
        return meanCosine(exact, i, j);
    }

    private static double meanCosine(List<List<double[][]>> windows, int i, int j) {
        return windows.stream()
                .flatMapToDouble(places -> IntStream.range(0, places.get(i).length)
                        .mapToDouble(token -> cosine(places.get(i)[token], places.get(j)[token])))
                .average()
                .orElseThrow();
    }

    private static List<List<double[][]>> exact(TinyRun run) {
        return IntStream.range(0, run.text.inputs().size()).mapToObj(run::exact).toList();
    }

    private static double meanAngle(int i, int j) {
        return exact.stream()
                .flatMapToDouble(places -> IntStream.range(0, places.get(i).length)
                        .mapToDouble(token -> Math.acos(cosine(places.get(i)[token], places.get(j)[token])) / Math.PI))
                .average()
                .orElseThrow();
    }

    @Test
    void cosine_and_angle_are_means_over_tokens() {
        for (int i = 0; i < tiny.layers; i++) {
            for (int j = 0; j < tiny.layers; j++) {
                if (i != j) {
                    assertThat(similarity.cosine()[i][j]).isCloseTo(meanCosine(i + 1, j + 1), CLOSE);
                    assertThat(similarity.angular()[i][j]).isCloseTo(meanAngle(i + 1, j + 1), CLOSE);
                }
            }
        }
    }

    @Test
    void influence_and_distance_compare_what_a_layer_reads_with_what_it_leaves() {
        for (int layer = 0; layer < tiny.layers; layer++) {
            assertThat(similarity.influence()[layer]).isCloseTo(1 - meanCosine(layer, layer + 1), CLOSE);
            assertThat(similarity.distance()[layer]).isCloseTo(meanAngle(layer, layer + 1), CLOSE);
        }
    }

    @Test
    void a_layer_is_like_itself() {
        for (int layer = 0; layer < tiny.layers; layer++) {
            assertThat(similarity.cosine()[layer][layer]).isEqualTo(1.0);
            assertThat(similarity.angular()[layer][layer]).isEqualTo(0.0);
            assertThat(similarity.cka()[layer][layer]).isCloseTo(1.0, within(1e-12));
        }
    }

    /** Half of the tokens begin as zero; only the first of a window can stay so. */
    @Test
    void a_stream_that_begins_as_zero_is_like_nothing_that_it_becomes(@TempDir Path other) throws IOException {
        TinyLlama halved = TinyLlama.create()
                .change(
                        "model.embed_tokens.weight",
                        values -> Arrays.fill(values, values.length / 2, values.length, 0));
        try (TinyRun zeros = new TinyRun(halved, other)) {
            StreamSimilarity found = StreamSimilarity.of(zeros.streams, TinyLlama.HIDDEN, Progress.SILENT);
            double expected = 1 - meanCosine(exact(zeros), 0, 1);
            assertThat(found.influence()[0]).isCloseTo(expected, CLOSE).isGreaterThan(0.4);
        }
    }

    @Test
    void alignment_is_the_debiased_one_averaged_over_windows() {
        for (int i = 0; i < tiny.layers; i++) {
            for (int j = 0; j < tiny.layers; j++) {
                double expected =
                        criterion(i + 1, j + 1) / Math.sqrt(criterion(i + 1, i + 1) * criterion(j + 1, j + 1));
                assertThat(similarity.cka()[i][j]).isCloseTo(expected, CLOSE);
            }
        }
    }

    /** Mean over windows of the product of the two U-centred Gram matrices, another form of the same estimate. */
    private static double criterion(int i, int j) {
        return exact.stream()
                .mapToDouble(places -> {
                    double[][] a = centredGram(places.get(i));
                    double[][] b = centredGram(places.get(j));
                    double n = a.length;
                    return IntStream.range(0, a.length)
                                    .mapToDouble(token -> product(a[token], b[token]))
                                    .sum()
                            / (n * (n - 3));
                })
                .average()
                .orElseThrow();
    }

    /** Entries off the diagonal are centred so that every row sums to 0; the diagonal is 0. */
    private static double[][] centredGram(double[][] stream) {
        int n = stream.length;
        double[][] gram = new double[n][n];
        double[] rows = new double[n];
        double sum = 0;
        for (int s = 0; s < n; s++) {
            for (int t = 0; t < n; t++) {
                gram[s][t] = s == t ? 0 : product(stream[s], stream[t]);
                rows[s] += gram[s][t];
                sum += gram[s][t];
            }
        }
        for (int s = 0; s < n; s++) {
            for (int t = 0; t < n; t++) {
                gram[s][t] = s == t ? 0 : gram[s][t] - (rows[s] + rows[t]) / (n - 2) + sum / ((n - 1.0) * (n - 2));
            }
        }
        return gram;
    }
}
