package dev.twofold.passes.analysis;

import dev.twofold.diag.Progress;
import java.util.stream.IntStream;

/**
 * How alike the residual stream is after different layers, over the tokens of a text.
 *
 * <ul>
 *   <li>cosine: mean over tokens of the cosine of the stream after layer i and after layer j;
 *   <li>angular: mean over tokens of {@code arccos(cosine) / pi}, as in arXiv 2403.17887, which takes the last token of a
 *       text only;
 *   <li>influence of a layer: {@code 1 - mean cosine} of the stream before and after it, the block influence of ShortGPT
 *       (arXiv 2403.03853); its angular distance is that of the same two streams;
 *   <li>cka: see {@link KernelAlignment}.
 * </ul>
 *
 * @param cosine {@code [layer][layer]}
 * @param angular {@code [layer][layer]}
 * @param cka {@code [layer][layer]}
 * @param influence by layer
 * @param distance angular, by layer
 */
public record StreamSimilarity(
        double[][] cosine, double[][] angular, double[][] cka, double[] influence, double[] distance) {

    public static StreamSimilarity of(LayerStreams streams, int hidden, Progress progress) {
        int places = streams.layers().size() + 1;
        int windows = streams.text().inputs().size();
        double[][] cosine = new double[places][places];
        double[][] angular = new double[places][places];
        KernelAlignment alignment = new KernelAlignment(places);
        progress.begin("similarity", windows, Progress.Unit.WINDOWS);
        for (int w = 0; w < windows; w++) {
            int window = w;
            float[][] stream = IntStream.range(0, places)
                    .mapToObj(place -> streams.window(place, window))
                    .toArray(float[][]::new);
            double[][] norms = IntStream.range(0, places)
                    .mapToObj(place -> norms(stream[place], hidden))
                    .toArray(double[][]::new);
            IntStream.range(0, places).parallel().forEach(i -> {
                for (int j = 0; j <= i; j++) {
                    add(cosine, angular, i, j, stream, norms, hidden);
                }
            });
            alignment.add(stream, hidden);
            progress.advance(1);
        }
        progress.end();
        return means(cosine, angular, alignment.cka(), streams.text().tokens());
    }

    private static double[] norms(float[] stream, int hidden) {
        return IntStream.range(0, stream.length / hidden)
                .mapToDouble(token -> Math.sqrt(dot(stream, stream, token * hidden, hidden)))
                .toArray();
    }

    private static void add(
            double[][] cosine, double[][] angular, int i, int j, float[][] stream, double[][] norms, int hidden) {
        for (int token = 0; token < norms[i].length; token++) {
            double bounded = cosine(i, j, token, stream, norms, hidden);
            cosine[i][j] += bounded;
            angular[i][j] += Math.acos(bounded) / Math.PI;
        }
    }

    /** Of two zero vectors 1, of one and another 0. */
    private static double cosine(int i, int j, int token, float[][] stream, double[][] norms, int hidden) {
        double scale = norms[i][token] * norms[j][token];
        if (i == j || scale == 0) {
            return norms[i][token] == norms[j][token] ? 1 : 0;
        }
        return Math.max(-1, Math.min(1, dot(stream[i], stream[j], token * hidden, hidden) / scale));
    }

    static double dot(float[] a, float[] b, int from, int count) {
        double sum = 0;
        for (int k = from; k < from + count; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }

    private static StreamSimilarity means(double[][] cosine, double[][] angular, double[][] cka, int tokens) {
        int layers = cosine.length - 1;
        double[] influence = new double[layers];
        double[] distance = new double[layers];
        for (int layer = 0; layer < layers; layer++) {
            influence[layer] = 1 - cosine[layer + 1][layer] / tokens;
            distance[layer] = angular[layer + 1][layer] / tokens;
        }
        return new StreamSimilarity(
                afterLayers(cosine, tokens), afterLayers(angular, tokens), afterLayers(cka, 1), influence, distance);
    }

    /** Drops the place before the first layer, and mirrors the lower triangle. */
    private static double[][] afterLayers(double[][] sums, int tokens) {
        int layers = sums.length - 1;
        double[][] matrix = new double[layers][layers];
        for (int i = 0; i < layers; i++) {
            for (int j = 0; j <= i; j++) {
                matrix[i][j] = sums[i + 1][j + 1] / tokens;
                matrix[j][i] = matrix[i][j];
            }
        }
        return matrix;
    }
}
