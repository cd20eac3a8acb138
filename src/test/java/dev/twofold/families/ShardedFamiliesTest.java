package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family on two devices against the float64 reference. */
final class ShardedFamiliesTest {

    /** Queries and keys are normed over all heads together, which no device has. */
    private static final Set<String> NOT_BETWEEN_HEADS = Set.of("minimax_m2", "olmo2", "olmo3", "olmoe");

    @TempDir
    private Path directory;

    /** A plan, and how it is cut. Groups of three have no devices of their own on two. */
    private record Cut(Arrangement plan, Placement placement, int devices) {
        @Override
        public String toString() {
            return plan + " by " + placement + " over " + devices;
        }
    }

    private static final List<Cut> CUTS = List.of(
            new Cut(Arrangement.BASE, Placement.HEADS, 2),
            new Cut(Arrangement.PAIRS, Placement.HEADS, 2),
            new Cut(Arrangement.PAIRS, Placement.LAYERS, 2),
            new Cut(Arrangement.GROUPS_OF_THREE, Placement.HEADS, 2),
            new Cut(Arrangement.STAGGERED_PAIRS, Placement.LAYERS, 2),
            new Cut(Arrangement.MERGES, Placement.HEADS, 2),
            new Cut(Arrangement.MERGES, Placement.HEADS, 4));

    static Stream<Arguments> everyFamilyAndCut() {
        return TinyFamilies.kinds().stream()
                .flatMap(name -> CUTS.stream()
                        .filter(cut -> TinyFamilies.takes(name, cut.plan()))
                        .flatMap(cut ->
                                Arrays.stream(DialectName.values()).map(dialect -> Arguments.of(name, cut, dialect))));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("everyFamilyAndCut")
    void devices_match_within_1e_4_or_are_refused(String name, Cut cut, DialectName dialect) {
        Reference reference = Reference.of(TinyFamilies.checkpoint(name));
        Path output = directory.resolve("sharded");
        List<Object> arguments = new ArrayList<>(
                List.of("convert", TinyFamilies.checkpoint(name), "-o", output, "--quiet", "--devices", cut.devices()));
        arguments.addAll(List.of("--placement", cut.placement(), "--dialect", dialect));
        arguments.addAll(cut.plan().options(reference.layers()));
        CommandRun run = CommandRun.of(arguments.toArray());
        if (cut.placement() == Placement.HEADS && NOT_BETWEEN_HEADS.contains(name)) {
            assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
            assertThat(run.err()).contains("normalize queries and keys over all heads");
            return;
        }
        if (cut.devices() > 2 && run.exitCode() == 2) {
            assertThat(run.err())
                    .containsPattern("has [26] attention heads")
                    .contains("do not divide over " + cut.devices() + " devices");
            return;
        }
        assertThat(run.exitCode()).as(run.err()).isZero();
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        double[][] expected = cut.plan().logits(reference, tokens);
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        try (ModelSession session = Logits.open(output)) {
            assertClose(Logits.onePass(session, new long[][] {ids}), expected, "at once");
            assertClose(Logits.tokenByToken(session, ids), expected, "token by token");
        }
    }

    static Stream<Arguments> everyFamilyAndLayout() {
        return TinyFamilies.kinds().stream()
                .flatMap(name -> Arrays.stream(KvLayout.values()).map(layout -> Arguments.of(name, layout)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyFamilyAndLayout")
    void every_cut_of_a_whole_model_is_annotated_or_refused_by_name(String name, KvLayout layout) {
        for (Cut cut : CUTS) {
            for (String vocabulary : List.of("", "--shard-vocabulary")) {
                List<Object> arguments = new ArrayList<>(
                        List.of("convert", TinyFamilies.checkpoint(name), "-o", directory.resolve("unwritten")));
                arguments.addAll(List.of("--dry-run", "--quiet", "--devices", 2, "--collective", "annotate"));
                arguments.addAll(List.of("--placement", cut.placement(), "--kv-layout", layout));
                arguments.addAll(cut.plan()
                        .options(Reference.of(TinyFamilies.checkpoint(name)).layers()));
                if (!vocabulary.isEmpty()) {
                    arguments.add(vocabulary);
                }
                CommandRun run = CommandRun.of(arguments.toArray());
                assertThat(run.exitCode())
                        .as(cut + " " + vocabulary + "\n" + run.err())
                        .isIn(0, 2);
            }
        }
    }

    private static void assertClose(float[] logits, double[][] expected, String how) {
        for (int t = 0; t < expected.length; t++) {
            for (int i = 0; i < expected[t].length; i++) {
                assertThat(Math.abs(logits[t * expected[t].length + i] - expected[t][i]))
                        .as(how + ", token " + t + ", logit " + i)
                        .isLessThan(1e-4);
            }
        }
    }
}
