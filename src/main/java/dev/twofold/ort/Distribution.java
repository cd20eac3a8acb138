package dev.twofold.ort;

/** Arithmetic on rows of logits, in float64. */
final class Distribution {

    private Distribution() {}

    /** Index of the largest value; the first if there are several. */
    static int argmax(float[] values, int from, int count) {
        int best = from;
        for (int i = from + 1; i < from + count; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best - from;
    }

    /** {@code log(sum(exp(values)))}, without overflow. */
    static double logSumExp(float[] values, int from, int count) {
        double largest = values[from + argmax(values, from, count)];
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += Math.exp(values[i] - largest);
        }
        return largest + Math.log(sum);
    }

    /** Kullback-Leibler divergence, in nats, of the distribution of row {@code q} from that of row {@code p}. */
    static double divergence(float[] p, float[] q, int from, int count) {
        double normP = logSumExp(p, from, count);
        double normQ = logSumExp(q, from, count);
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            double logP = p[i] - normP;
            sum += Math.exp(logP) * (logP - (q[i] - normQ));
        }
        return Math.max(0, sum);
    }
}
