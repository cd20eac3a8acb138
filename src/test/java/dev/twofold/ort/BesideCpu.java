package dev.twofold.ort;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program that runs models on a provider and on the CPU, and prints of each how far the logits are apart, by the largest logit
 * of a token, and which nodes ran elsewhere. Arguments: the provider and the directories.
 */
final class BesideCpu {

    /** No more than 32: over SwiftShader the plugin 0.4.0 attends to longer prompts wrongly in its GroupQueryAttention. */
    private static final long[] PROMPT = {5, 77, 12, 9, 14, 101, 3, 60, 33, 8, 21, 90};

    private static final int DECODED = 3;

    private BesideCpu() {}

    public static void main(String[] arguments) throws IOException {
        Provider provider = Provider.valueOf(arguments[0]);
        for (String argument : Arrays.asList(arguments).subList(1, arguments.length)) {
            Path directory = Path.of(argument);
            List<float[]> expected;
            try (ModelSession session = ModelSession.open(directory, Optional.empty(), SessionSetup.CPU)) {
                expected = run(session);
            }
            List<float[]> actual;
            NodePlacement placement;
            SessionSetup setup = new SessionSetup(provider, 0, Waiting.ASLEEP);
            try (ModelSession session = ModelSession.profiled(directory, setup, directory.resolve("profile"))) {
                actual = run(session);
                placement = NodePlacement.read(session.endProfiling(), provider);
            }
            Parity parity = Parity.NONE;
            for (int i = 0; i < expected.size(); i++) {
                int rows = i == 0 ? PROMPT.length : 1;
                int vocabulary = expected.get(i).length / rows;
                for (int row = 0; row < rows; row++) {
                    parity = parity.and(
                            Parity.of(actual.get(i), row * vocabulary, expected.get(i), row * vocabulary, vocabulary));
                }
            }
            System.out.println("BESIDE " + directory.getFileName() + " " + parity.maxRelative() + " "
                    + placement.elsewhere().keySet());
        }
        Plugins.release();
    }

    private static List<float[]> run(ModelSession session) {
        List<float[]> logits = new ArrayList<>();
        ModelSession.Output output =
                session.run(new long[][] {PROMPT}, Rows.ones(1, PROMPT.length), session.emptyCache(1));
        logits.add(output.logits());
        for (int i = 0; i < DECODED; i++) {
            output = session.run(new long[][] {{40 + i}}, Rows.ones(1, PROMPT.length + i + 1), output.cache());
            logits.add(output.logits());
        }
        output.cache().close();
        return logits;
    }
}
