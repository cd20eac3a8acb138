package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.graph.ModelFile;
import dev.twofold.ort.ModelSession;
import dev.twofold.tensor.DType;
import dev.twofold.testing.Logits;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Devices that have a slice of every expert run those of the chosen ones, and add up to what the float64 reference computes. */
final class SlicedExpertsTest {

    /** Of one expert, so that a quarter is as wide as the operator takes. */
    private static final int WIDTH = 64;

    private static final int LAYERS = 4;

    @TempDir
    private static Path checkpoint;

    @TempDir
    private Path directory;

    @BeforeAll
    static void widen_the_experts_of_a_tiny_checkpoint() throws IOException {
        EditedFamily family =
                EditedFamily.copy("qwen3_moe", checkpoint).with("moe_intermediate_size", IntNode.valueOf(WIDTH));
        StoredTensors stored = StoredTensors.of(TinyFamilies.checkpoint("qwen3_moe"));
        SafetensorsBuilder wider = new SafetensorsBuilder();
        Random random = new Random(1);
        for (String name : family.tensors()) {
            long[] shape = stored.shape(name);
            if (name.contains(".experts.")) {
                shape[name.contains("down_proj") ? 1 : 0] = WIDTH;
                float[] drawn = new float[(int) (shape[0] * shape[1])];
                for (int i = 0; i < drawn.length; i++) {
                    drawn[i] = (float) (0.3 * random.nextGaussian());
                }
                wider.add(name, DType.F32, drawn, shape);
            } else {
                wider.add(name, DType.F32, stored.floats(name), shape);
            }
        }
        wider.write(checkpoint.resolve("model.safetensors"));
    }

    @ParameterizedTest
    @CsvSource({
        "2,heads,BASE,fp32,1e-4",
        "4,heads,BASE,fp32,1e-4",
        "4,heads,PAIRS,fp32,1e-4",
        "2,layers,PAIRS,fp32,1e-4",
        "4,layers,STAGGERED_PAIRS,fp32,1e-4",
        "4,heads,MERGES,fp32,1e-4",
        "2,heads,PAIRS,fp16,3e-2",
        "4,heads,BASE,fp16,3e-2"
    })
    void slices_of_chosen_experts_add_up(
            int devices, String placement, Arrangement plan, String dtype, double tolerance) {
        Path output = directory.resolve("sliced");
        List<Object> arguments =
                new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet", "--devices", devices));
        arguments.addAll(List.of("--placement", placement, "--dtype", dtype));
        arguments.addAll(plan.options(LAYERS));
        CommandRun.succeeding(arguments.toArray());
        for (int rank = 0; rank < devices; rank++) {
            assertThat(ModelFile.read(output.resolve("rank-" + rank)).getGraph().getNodeList())
                    .anyMatch(node -> node.getOpType().equals("MoE"))
                    .noneMatch(node -> node.getName().endsWith("/weighted"));
        }
        int[] tokens = decided(plan);
        double[][] expected = plan.logits(Reference.of(checkpoint), tokens);
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        try (ModelSession session = Logits.open(output)) {
            assertClose(Logits.onePass(session, new long[][] {ids}), expected, tolerance, "at once");
            assertClose(Logits.tokenByToken(session, ids), expected, tolerance, "token by token");
        }
    }

    /** Tokens for which no rounding to 16 bits changes the choice of experts. */
    private static int[] decided(Arrangement plan) {
        for (long seed = 1; ; seed++) {
            Reference reference = Reference.of(checkpoint);
            int[] tokens = new Random(seed).ints(16, 4, 128).toArray();
            plan.logits(reference, tokens);
            if (reference.narrowestChoice() > 0.03) {
                return tokens;
            }
        }
    }

    /** Relative to the largest logit of a token, or to one if that is less. */
    private static void assertClose(float[] logits, double[][] expected, double tolerance, String how) {
        for (int t = 0; t < expected.length; t++) {
            double largest = Arrays.stream(expected[t]).map(Math::abs).reduce(1, Math::max);
            for (int i = 0; i < expected[t].length; i++) {
                assertThat(Math.abs(logits[t * expected[t].length + i] - expected[t][i]) / largest)
                        .as(how + ", token " + t + ", logit " + i)
                        .isLessThan(tolerance);
            }
        }
    }
}
