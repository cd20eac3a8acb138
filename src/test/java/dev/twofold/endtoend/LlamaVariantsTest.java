package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.tensor.DType;
import dev.twofold.testing.Logits;
import dev.twofold.testing.ReferenceLlama;
import dev.twofold.testing.StoredTensors;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.Ways;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every option of the Llama family against a float64 reference, for every kind of plan, dialect and KV layout. */
final class LlamaVariantsTest {

    @TempDir
    private Path directory;

    private static final Map<String, Supplier<TinyLlama>> VARIANTS = Map.of(
            "as it is", TinyLlama::create,
            "tied", () -> TinyLlama.create().tied(),
            "attention and MLP bias", () -> TinyLlama.create().attentionBias().mlpBias(),
            "tied with bias", () -> TinyLlama.create().tied().attentionBias(),
            "linear rotary scaling", () -> TinyLlama.create().linearRope(4),
            "llama3 rotary scaling", () -> TinyLlama.create().llama3Rope(8, 1, 4, 64),
            "sharded fp16", () -> TinyLlama.of(DType.F16, 2).sharded(3),
            "bf16", () -> TinyLlama.of(DType.BF16, 3),
            "head size derived", () -> TinyLlama.create().unset("head_dim"),
            "heads wider than the hidden size", LlamaVariantsTest::moreHeads);

    private record Plan(List<String> options, List<List<Integer>> groups, boolean oneSync) {}

    private static final List<Plan> PLANS = List.of(
            new Plan(List.of("--window", "0:0"), List.of(List.of(0), List.of(1), List.of(2), List.of(3)), false),
            new Plan(List.of("--pairs", "1-2"), List.of(List.of(0), List.of(1, 2), List.of(3)), false),
            new Plan(List.of("--pairs", "0-2"), List.of(List.of(0, 1, 2), List.of(3)), false),
            new Plan(List.of("--window", "0:4", "--one-sync"), List.of(List.of(0, 1), List.of(2, 3)), true));

    static Stream<Arguments> everyVariant() {
        return VARIANTS.keySet().stream()
                .sorted()
                .flatMap(variant -> Ways.all().map(way -> Arguments.of(variant, way.get()[0], way.get()[1])));
    }

    @ParameterizedTest(name = "{0}, {1} {2}")
    @MethodSource("everyVariant")
    void matches_the_reference_within_1e_4(String variant, DialectName dialect, KvLayout layout) throws IOException {
        Path checkpoint = VARIANTS.get(variant).get().write(directory.resolve("checkpoint"));
        JsonNode config =
                new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile());
        ReferenceLlama reference = new ReferenceLlama(config, StoredTensors.of(checkpoint));
        long[] tokens = new Random(5).longs(40, 0, TinyLlama.VOCABULARY).toArray();
        for (Plan plan : PLANS) {
            Path output = directory.resolve("output");
            List<Object> arguments =
                    new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet", "--force"));
            arguments.addAll(plan.options());
            arguments.addAll(List.of("--dialect", dialect, "--kv-layout", layout));
            CommandRun.succeeding(arguments.toArray());
            float[] expected = reference.logits(tokens, plan.groups(), plan.oneSync());
            float[] actual = Logits.of(output, new long[][] {tokens});
            assertThat(Logits.distance(actual, expected))
                    .as(plan.options().toString())
                    .isLessThan(1e-4);
        }
    }

    /** 8 heads of 16 on a hidden size of 64. */
    private static TinyLlama moreHeads() {
        TinyLlama tiny = TinyLlama.create().set("num_attention_heads", "8");
        Random random = new Random(4);
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            float[] values = new float[128 * 64];
            for (int i = 0; i < values.length; i++) {
                values[i] = 0.1f * (float) random.nextGaussian();
            }
            tiny.tensor(TinyLlama.name(layer, "self_attn.q_proj.weight"), DType.F32, values, 128, 64);
            tiny.tensor(TinyLlama.name(layer, "self_attn.o_proj.weight"), DType.F32, values, 64, 128);
        }
        return tiny;
    }
}
