package dev.twofold.families;

import static dev.twofold.graph.lower.DialectName.ONNX;
import static dev.twofold.graph.lower.DialectName.ORT;
import static dev.twofold.graph.lower.KvLayout.PER_LAYER;
import static dev.twofold.graph.lower.KvLayout.WIDE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.KvCache;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Emitted models of every family against the float64 reference. */
final class EmittedFamiliesTest {

    /** Row by row, the tokens of the prompt; the shorter one is padded on the right. */
    private static final int[] PROMPTS = {20, 9};

    private static final Map<String, double[][][]> EXPECTED = new HashMap<>();

    @TempDir
    private Path directory;

    /** A plan in a form that it is emitted in. */
    private record Way(Arrangement plan, DialectName dialect, KvLayout layout) {

        @Override
        public String toString() {
            return plan + " " + dialect + " " + layout;
        }
    }

    private static final List<Way> WAYS = List.of(
            new Way(Arrangement.BASE, ORT, PER_LAYER),
            new Way(Arrangement.PAIRS, ORT, PER_LAYER),
            new Way(Arrangement.GROUPS_OF_THREE, ORT, WIDE),
            new Way(Arrangement.BASE, ONNX, WIDE),
            new Way(Arrangement.PAIRS, ONNX, WIDE),
            new Way(Arrangement.GROUPS_OF_THREE, ONNX, PER_LAYER),
            new Way(Arrangement.MERGES, ORT, PER_LAYER),
            new Way(Arrangement.MERGES, ONNX, WIDE),
            new Way(Arrangement.STAGGERED_PAIRS, ORT, WIDE),
            new Way(Arrangement.STAGGERED_PAIRS, ONNX, PER_LAYER));

    /** One-sync groups, which are chains of the same operators, of a family of each kind of layer. */
    private static final List<String> ONE_SYNC = List.of("cohere", "gemma2", "gpt2", "llama2", "mixtral", "olmo2");

    static Stream<Arguments> everyFamilyAndWay() {
        Stream<Arguments> twoSync = TinyFamilies.kinds().stream()
                .flatMap(name -> WAYS.stream()
                        .filter(way -> TinyFamilies.takes(name, way.plan()))
                        .map(way -> Arguments.of(name, way)));
        Stream<Arguments> alike = TinyFamilies.names().stream()
                .filter(name -> !TinyFamilies.kinds().contains(name))
                .map(name -> Arguments.of(name, new Way(Arrangement.PAIRS, ORT, PER_LAYER)));
        Stream<Arguments> oneSync = ONE_SYNC.stream()
                .flatMap(name -> Arrays.stream(DialectName.values())
                        .map(dialect -> Arguments.of(name, new Way(Arrangement.ONE_SYNC_PAIRS, dialect, PER_LAYER))));
        return Stream.of(twoSync, alike, oneSync).flatMap(each -> each);
    }

    static Stream<Arguments> everyFamilyAndPlan() {
        return TinyFamilies.kinds().stream()
                .flatMap(name -> Stream.of(
                                Arrangement.BASE, Arrangement.PAIRS, Arrangement.GROUPS_OF_THREE, Arrangement.MERGES)
                        .filter(plan -> TinyFamilies.takes(name, plan))
                        .map(plan -> Arguments.of(name, plan)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyFamilyAndWay")
    void fp32_matches_within_1e_4_at_once_and_token_by_token(String name, Way way) {
        double[][][] expected = expected(name, way.plan());
        long[][] tokens = tokens(name);
        try (ModelSession session = convert(name, way, "fp32")) {
            float[] atOnce = Logits.onePass(session, tokens);
            for (int row = 0; row < tokens.length; row++) {
                for (int t = 0; t < tokens[row].length; t++) {
                    assertThat(Logits.distance(atOnce, row * tokens[row].length + t, expected[row][t]))
                            .as("at once, row " + row + ", token " + t)
                            .isLessThan(1e-4);
                }
            }
            tokenByToken(session, tokens, expected);
        }
    }

    /** Prompts of two lengths in one batch, then a token at a time in each row. */
    private static void tokenByToken(ModelSession session, long[][] tokens, double[][][] expected) {
        int rows = tokens.length;
        int longest = PROMPTS[0];
        long[][] ids = new long[rows][longest];
        long[][] mask = new long[rows][longest];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(tokens[row], 0, ids[row], 0, PROMPTS[row]);
            Arrays.fill(mask[row], 0, PROMPTS[row], 1);
        }
        ModelSession.Output output = session.run(ids, mask, session.emptyCache(rows));
        for (int row = 0; row < rows; row++) {
            int last = PROMPTS[row] - 1;
            assertThat(Logits.distance(output.logits(), row * longest + last, expected[row][last]))
                    .as("prompt of row " + row)
                    .isLessThan(1e-4);
        }
        for (int step = 0; step < tokens[0].length - longest; step++) {
            long[][] next = new long[rows][1];
            for (int row = 0; row < rows; row++) {
                next[row][0] = tokens[row][PROMPTS[row] + step];
                mask[row] = Arrays.copyOf(mask[row], mask[row].length + 1);
                mask[row][mask[row].length - 1] = 1;
            }
            KvCache past = output.cache();
            output = session.run(next, mask, past);
            for (int row = 0; row < rows; row++) {
                assertThat(Logits.distance(output.logits(), row, expected[row][PROMPTS[row] + step]))
                        .as("row " + row + ", step " + step)
                        .isLessThan(1e-4);
            }
        }
        output.cache().close();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyFamilyAndPlan")
    void fp16_matches_within_3e_2_of_the_largest_logit(String name, Arrangement plan) {
        int[] tokens = decided(name, plan);
        double[][] expected = plan.logits(Reference.of(TinyFamilies.checkpoint(name)), tokens);
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        for (DialectName dialect : DialectName.values()) {
            try (ModelSession session = convert(name, new Way(plan, dialect, PER_LAYER), "fp16")) {
                assertRelativelyClose(Logits.onePass(session, new long[][] {ids}), expected, dialect + " at once");
                assertRelativelyClose(Logits.tokenByToken(session, ids), expected, dialect + " token by token");
            }
        }
    }

    private static void assertRelativelyClose(float[] logits, double[][] expected, String how) {
        for (int t = 0; t < expected.length; t++) {
            double largest = Arrays.stream(expected[t]).map(Math::abs).max().orElseThrow();
            assertThat(Logits.distance(logits, t, expected[t]) / largest)
                    .as(how + ", token " + t)
                    .isLessThan(3e-2);
        }
    }

    /** Tokens for which the choice of experts is not so close that rounding to 16 bits changes it. */
    private static int[] decided(String name, Arrangement plan) {
        for (long seed = 1; ; seed++) {
            Reference reference = Reference.of(TinyFamilies.checkpoint(name));
            int[] tokens = new Random(seed).ints(24, 4, 128).toArray();
            plan.logits(reference, tokens);
            if (reference.narrowestChoice() > 0.03) {
                return tokens;
            }
        }
    }

    private ModelSession convert(String name, Way way, String dtype) {
        Path output = directory.resolve(way.dialect() + dtype);
        List<Object> arguments =
                new ArrayList<>(List.of("convert", TinyFamilies.checkpoint(name), "-o", output, "--quiet"));
        arguments.addAll(way.plan().options(layers(name)));
        arguments.addAll(List.of("--dialect", way.dialect(), "--kv-layout", way.layout(), "--dtype", dtype));
        // It is loaded below.
        arguments.add("--no-load");
        CommandRun.succeeding(arguments.toArray());
        return Logits.open(output);
    }

    private static int layers(String name) {
        return Reference.of(TinyFamilies.checkpoint(name)).layers();
    }

    private static long[][] tokens(String name) {
        return Arrays.stream(TinyFamilies.golden(name).tokens())
                .map(row -> Arrays.stream(row).asLongStream().toArray())
                .toArray(long[][]::new);
    }

    /** {@code [rows][tokens][vocabulary]}. */
    private static double[][][] expected(String name, Arrangement plan) {
        return EXPECTED.computeIfAbsent(name + " " + plan, key -> {
            Reference reference = Reference.of(TinyFamilies.checkpoint(name));
            return Arrays.stream(TinyFamilies.golden(name).tokens())
                    .map(row -> plan.logits(reference, row))
                    .toArray(double[][][]::new);
        });
    }
}
