package dev.twofold.testing;

import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.SessionSetup;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Runs emitted models in tests. */
public final class Logits {

    private Logits() {}

    /** A model on one device, or all ranks of a sharded one. */
    public static ModelSession open(Path directory) {
        Manifest manifest = Manifest.read(directory);
        if (manifest.sharding().isAbove()) {
            return ModelSession.open(
                    RankDirectories.require(directory, manifest).stream()
                            .map(rank -> new ModelSession.Device(rank, SegmentedModel.read(rank, false)))
                            .toList(),
                    SessionSetup.CPU);
        }
        return ModelSession.open(directory, Optional.empty(), SessionSetup.CPU);
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

    /** The logits of one row, token by token with a cache after a prompt of half of it. */
    public static float[] tokenByToken(ModelSession session, long[] tokens) {
        int prompt = tokens.length / 2;
        ModelSession.Output output =
                session.run(new long[][] {Arrays.copyOf(tokens, prompt)}, ones(1, prompt), session.emptyCache(1));
        float[] all = new float[tokens.length * output.vocabulary()];
        System.arraycopy(output.logits(), 0, all, 0, output.logits().length);
        for (int i = prompt; i < tokens.length; i++) {
            output = session.run(new long[][] {{tokens[i]}}, ones(1, i + 1), output.cache());
            System.arraycopy(output.logits(), 0, all, i * output.vocabulary(), output.vocabulary());
        }
        output.cache().close();
        return all;
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

    /** The largest difference between a token's logits, one of many, and the expected; infinite if there is a NaN. */
    public static double distance(float[] logits, int token, double[] expected) {
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            double gap = Math.abs(logits[token * expected.length + i] - expected[i]);
            largest = Double.isNaN(gap) ? Double.POSITIVE_INFINITY : Math.max(largest, gap);
        }
        return largest;
    }
}
