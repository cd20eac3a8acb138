package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Python;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints of every family and plan, run by transformers in one process of Python, against the float64 reference and
 * the ONNX model of the same plan.
 */
@Tag("python")
final class TransformersFamiliesTest {

    private static final double TOLERANCE = 1e-4;

    /** Families of each kind of layer; the others are run in one plan. */
    private static final List<String> IN_EVERY_PLAN = List.of(
            "cohere", "gemma3", "gpt2", "gpt_neox", "llama3.2", "mixtral", "olmo2", "qwen2", "qwen3", "starcoder2");

    /** Row by row, the tokens of a prompt in a padded batch. */
    private static final int[] PROMPTS = {20, 9};

    private static final int NEW_TOKENS = 8;

    private static final Map<String, JsonNode> RESULTS = new HashMap<>();

    @TempDir
    private static Path directory;

    /** A family's checkpoint in a plan. */
    record Case(String family, Arrangement plan) {

        String name() {
            return family + "-" + plan;
        }

        Path checkpoint() {
            return directory.resolve("checkpoints").resolve(name());
        }

        Path saved() {
            return directory.resolve("saved").resolve(name());
        }

        Path logits(String kind) {
            return directory.resolve(name() + "." + kind + ".f32");
        }

        Path onnx() {
            return directory.resolve("onnx").resolve(name());
        }

        long[][] tokens() {
            return Arrays.stream(TinyFamilies.golden(family).tokens())
                    .map(row -> Arrays.stream(row).asLongStream().toArray())
                    .toArray(long[][]::new);
        }

        void convert(Path output, Object... options) {
            List<Object> arguments =
                    new ArrayList<>(List.of("convert", TinyFamilies.checkpoint(family), "-o", output, "--quiet"));
            int layers = Reference.of(TinyFamilies.checkpoint(family)).layers();
            arguments.addAll(plan.options(layers));
            arguments.addAll(List.of(options));
            CommandRun.succeeding(arguments.toArray());
        }

        JsonNode result() {
            return RESULTS.get(name());
        }

        @Override
        public String toString() {
            return family + " " + plan;
        }
    }

    static Stream<Case> cases() {
        return TinyFamilies.kinds().stream()
                .filter(family -> !TransformersRefusalsTest.REFUSED.containsKey(family))
                .flatMap(family -> plans(family).map(plan -> new Case(family, plan)));
    }

    private static Stream<Arrangement> plans(String family) {
        if (IN_EVERY_PLAN.contains(family)) {
            return Stream.of(Arrangement.BASE, Arrangement.PAIRS, Arrangement.MERGES, Arrangement.ONE_SYNC_PAIRS)
                    .filter(plan -> TinyFamilies.takes(family, plan));
        }
        return Stream.of(
                TinyFamilies.takes(family, Arrangement.MERGES) ? Arrangement.MERGES : Arrangement.STAGGERED_PAIRS);
    }

    @BeforeAll
    static void run() throws IOException {
        Python python = Python.find();
        Files.createDirectory(directory.resolve("checkpoints"));
        Files.createDirectory(directory.resolve("saved"));
        Files.createDirectory(directory.resolve("onnx"));
        List<Map<String, Object>> cases = new ArrayList<>();
        for (Case one : cases().toList()) {
            one.convert(one.checkpoint(), "--target", "transformers");
            Map<String, Object> asked = new LinkedHashMap<>();
            asked.put("name", one.name());
            asked.put("checkpoint", one.checkpoint().toString());
            asked.put("tokens", one.tokens());
            asked.put("prompts", PROMPTS);
            asked.put("new", NEW_TOKENS);
            asked.put("rate", 0.01);
            asked.put("logits", one.logits("plain").toString());
            asked.put("saved", one.saved().toString());
            asked.put("savedLogits", one.logits("saved").toString());
            cases.add(asked);
        }
        ObjectMapper mapper = new ObjectMapper();
        Path asked = directory.resolve("cases.json");
        Path answered = directory.resolve("results.json");
        mapper.writeValue(asked.toFile(), cases);
        python.script("run_checkpoints.py", asked, answered);
        mapper.readTree(answered.toFile())
                .path("cases")
                .forEach(result -> RESULTS.put(result.path("name").textValue(), result));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void logits_are_those_of_the_reference_and_of_the_onnx_model(Case one) throws IOException {
        float[] logits = floats(one.logits("plain"));
        one.convert(one.onnx());
        try (ModelSession session = Logits.open(one.onnx())) {
            assertThat(Logits.distance(logits, Logits.onePass(session, one.tokens())))
                    .isLessThan(TOLERANCE);
            assertThat(one.result().path("generated"))
                    .extracting(JsonNode::intValue)
                    .isEqualTo(greedy(session, one));
        }
        int next = 0;
        for (int[] row : TinyFamilies.golden(one.family()).tokens()) {
            double[][] expected = one.plan().logits(Reference.of(TinyFamilies.checkpoint(one.family())), row);
            for (double[] token : expected) {
                for (double value : token) {
                    assertThat(Math.abs(logits[next++] - value)).isLessThan(TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void a_row_in_a_padded_batch_is_that_row_alone(Case one) {
        assertThat(one.result().path("leftPadding").doubleValue()).isLessThan(TOLERANCE);
        assertThat(one.result().path("rightPadding").doubleValue()).isLessThan(TOLERANCE);
        assertThat(one.result().path("generatedInBatch").path(0))
                .isEqualTo(one.result().path("generated"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void every_weight_has_a_gradient_and_a_step_along_it_lowers_the_loss(Case one) {
        JsonNode result = one.result();
        assertThat(result.path("withoutGradient")).isEmpty();
        assertThat(result.path("loss").path(1).doubleValue())
                .isLessThan(result.path("loss").path(0).doubleValue());
        assertThat(result.path("checkpointing").doubleValue()).isLessThan(1e-5);
        assertThat(result.path("eager").doubleValue()).isLessThan(TOLERANCE);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void what_was_trained_and_saved_becomes_an_onnx_model(Case one) throws IOException {
        Path onnx = directory.resolve("onnx").resolve(one.name() + "-saved");
        CommandRun.succeeding("convert", one.saved(), "-o", onnx, "--window", "0:0", "--quiet");
        assertThat(Logits.distance(floats(one.logits("saved")), Logits.of(onnx, one.tokens())))
                .isLessThan(TOLERANCE);
    }

    /** The tokens that greedy search adds to the first prompt. */
    private static List<Integer> greedy(ModelSession session, Case one) {
        long[] prompt = Arrays.copyOf(one.tokens()[0], PROMPTS[0]);
        List<Integer> tokens = new ArrayList<>();
        ModelSession.Output output =
                session.run(new long[][] {prompt}, Logits.ones(1, prompt.length), session.emptyCache(1));
        while (true) {
            tokens.add(largest(output.logits(), output.logits().length - output.vocabulary()));
            if (tokens.size() == NEW_TOKENS) {
                output.cache().close();
                return tokens;
            }
            output = session.run(
                    new long[][] {{tokens.get(tokens.size() - 1)}},
                    Logits.ones(1, prompt.length + tokens.size()),
                    output.cache());
        }
    }

    private static int largest(float[] logits, int from) {
        int best = from;
        for (int i = from; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best - from;
    }

    private static float[] floats(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        float[] floats = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
        return floats;
    }
}
