package dev.twofold.passes.analysis;

import java.util.stream.IntStream;

/**
 * Linear centred kernel alignment (CKA, arXiv 1905.00414) of streams, from an unbiased estimate of the Hilbert-Schmidt
 * independence criterion that is averaged over windows of text (arXiv 2010.15327), so that neither few tokens nor a
 * large hidden size push it towards 1. Windows of less than four tokens say nothing and are left out.
 */
final class KernelAlignment {

    /** The first of a window, at most: the estimate takes the square of them in time. */
    private static final int TOKENS = 256;

    private final double[][] criterion;

    /** @param places number of streams that are compared */
    KernelAlignment(int places) {
        criterion = new double[places][places];
    }

    /** Adds one window of every stream, each {@code [tokens, hidden]}. */
    void add(float[][] streams, int hidden) {
        int tokens = Math.min(TOKENS, streams[0].length / hidden);
        if (tokens < 4) {
            return;
        }
        Kernel[] kernels = IntStream.range(0, streams.length)
                .parallel()
                .mapToObj(place -> Kernel.of(streams[place], tokens, hidden))
                .toArray(Kernel[]::new);
        IntStream.range(0, streams.length).parallel().forEach(i -> {
            for (int j = 0; j <= i; j++) {
                criterion[i][j] += kernels[i].criterion(kernels[j]);
            }
        });
    }

    /** The lower triangle of the alignments; NaN where a stream is constant, or no window was long enough. */
    double[][] cka() {
        double[][] cka = new double[criterion.length][criterion.length];
        for (int i = 0; i < cka.length; i++) {
            for (int j = 0; j <= i; j++) {
                double scale = Math.sqrt(Math.max(0, criterion[i][i]) * Math.max(0, criterion[j][j]));
                cka[i][j] = scale == 0 ? Double.NaN : criterion[i][j] / scale;
            }
        }
        return cka;
    }

    /**
     * Inner products of the tokens of a stream with one another, zero on the diagonal.
     *
     * @param values {@code [tokens, tokens]} row-major
     */
    private record Kernel(double[] values, double[] rowSums, double sum, int tokens) {

        static Kernel of(float[] stream, int tokens, int hidden) {
            double[] channels = centredChannels(stream, tokens, hidden);
            double[] values = new double[tokens * tokens];
            double[] rowSums = new double[tokens];
            double sum = 0;
            for (int i = 0; i < tokens; i++) {
                double[] products = products(channels, i, tokens, hidden);
                for (int j = 0; j < i; j++) {
                    double product = products[j];
                    values[i * tokens + j] = product;
                    values[j * tokens + i] = product;
                    rowSums[i] += product;
                    rowSums[j] += product;
                    sum += 2 * product;
                }
            }
            return new Kernel(values, rowSums, sum, tokens);
        }

        /** Of one token with those before it; channel by channel, so that tokens are in vector registers. */
        private static double[] products(double[] channels, int token, int tokens, int hidden) {
            double[] products = new double[token];
            for (int k = 0; k < hidden; k++) {
                int channel = k * tokens;
                double own = channels[channel + token];
                for (int j = 0; j < token; j++) {
                    products[j] += own * channels[channel + j];
                }
            }
            return products;
        }

        /** {@code [hidden, tokens]}. The estimate does not change with the mean, but its rounding does. */
        private static double[] centredChannels(float[] stream, int tokens, int hidden) {
            double[] channels = new double[tokens * hidden];
            for (int k = 0; k < hidden; k++) {
                double mean = 0;
                for (int i = 0; i < tokens; i++) {
                    mean += stream[i * hidden + k] / (double) tokens;
                }
                for (int i = 0; i < tokens; i++) {
                    channels[k * tokens + i] = (float) (stream[i * hidden + k] - mean);
                }
            }
            return channels;
        }

        /** The unbiased estimate of arXiv 2010.15327, equation 3. */
        double criterion(Kernel other) {
            double n = tokens;
            double traces = 0;
            for (int i = 0; i < values.length; i++) {
                traces += values[i] * other.values[i];
            }
            double rows = 0;
            for (int i = 0; i < tokens; i++) {
                rows += rowSums[i] * other.rowSums[i];
            }
            return (traces + sum * other.sum / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows) / (n * (n - 3));
        }
    }
}
