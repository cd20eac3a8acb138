package dev.twofold.testing;

import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Provider;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Runs emitted models in tests. */
public final class Logits {

    private Logits() {}

    public static ModelSession open(Path directory) {
        return ModelSession.open(directory, Optional.empty(), Provider.CPU, 0);
    }

    /** The logits of a batch without padding, in one pass. */
    public static float[] of(Path directory, long[][] tokens) {
        try (ModelSession session = open(directory)) {
            return onePass(session, tokens);
        }
    }

    public static float[] onePass(ModelSession session, long[][] tokens) {
        ModelSession.Output output =
                session.run(tokens, ones(tokens.length, tokens[0].length), session.emptyCache(tokens.length));
        output.cache().close();
        return output.logits();
    }

    public static long[][] ones(int rows, int length) {
        long[][] mask = new long[rows][length];
        for (long[] row : mask) {
            Arrays.fill(row, 1);
        }
        return mask;
    }

    /** The largest difference of two equally long arrays; infinite if one holds a NaN. */
    public static double distance(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new AssertionError(a.length + " and " + b.length + " logits");
        }
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            double gap = Math.abs((double) a[i] - b[i]);
            largest = Double.isNaN(gap) ? Double.POSITIVE_INFINITY : Math.max(largest, gap);
        }
        return largest;
    }
}
