package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Window;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.ort.KvCache;
import dev.twofold.ort.ModelSession;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Chunks of attention across caches, and which layers of Llama 4 have chunks, positions, norms and experts. */
final class Llama4Test {

    private static final String NAME = "llama4";

    /** Parts that a text comes in: neither they nor the chunks of 12 tokens end where the others do. */
    private static final int[] PARTS = {7, 10, 1, 1, 6, 1};

    @TempDir
    private Path directory;

    private final double[][][] expected = new double[2][][];
    private final long[][] tokens = new long[2][];

    Llama4Test() {
        Reference reference = Reference.of(TinyFamilies.checkpoint(NAME));
        int[][] rows = TinyFamilies.golden(NAME).tokens();
        for (int row = 0; row < rows.length; row++) {
            expected[row] = reference.logits(rows[row], reference.oneByOne());
            tokens[row] = Arrays.stream(rows[row]).asLongStream().toArray();
        }
    }

    private ModelSession converted(String... options) {
        Path output = directory.resolve("model");
        List<Object> arguments = new ArrayList<>(
                List.of("convert", TinyFamilies.checkpoint(NAME), "-o", output, "--window", "0:0", "--quiet"));
        arguments.addAll(List.of(options));
        CommandRun.succeeding(arguments.toArray());
        return Logits.open(output);
    }

    @ParameterizedTest
    @CsvSource({"ort", "onnx"})
    void chunks_begin_where_they_would_whatever_parts_a_text_comes_in(String dialect) {
        try (ModelSession session = converted("--dialect", dialect)) {
            KvCache cache = session.emptyCache(1);
            int done = 0;
            for (int part : PARTS) {
                long[] next = Arrays.copyOfRange(tokens[0], done, done + part);
                ModelSession.Output output = session.run(new long[][] {next}, Logits.ones(1, done + part), cache);
                for (int i = 0; i < part; i++) {
                    assertThat(Logits.distance(output.logits(), i, expected[0][done + i]))
                            .as("token " + (done + i))
                            .isLessThan(1e-4);
                }
                cache = output.cache();
                done += part;
            }
            cache.close();
        }
    }

    private EditedFamily changed(String changes) throws IOException {
        EditedFamily family = EditedFamily.copy(
                NAME, Files.createTempDirectory(directory, "own").resolve("checkpoint"));
        ObjectNode config = family.config();
        config.setAll((ObjectNode) new ObjectMapper().readTree(changes.replace('`', '"')));
        return family.withConfig(config);
    }

    private Decoder read(String changes) throws IOException {
        return Sources.SHIPPED.open(changed(changes).directory()).decoder();
    }

    private static List<Optional<Window>> windows(Decoder decoder) {
        return decoder.attentions().map(attention -> attention.rule().window()).toList();
    }

    @Test
    void the_layers_with_positions_have_chunks_unless_their_kinds_are_listed() throws IOException {
        Optional<Window> chunk = Optional.of(Window.chunk(12));
        Optional<Window> all = Optional.empty();
        assertThat(windows(read("{}"))).containsExactly(chunk, chunk, chunk, all);
        assertThat(windows(read("{`no_rope_layers`: [0, 1, 0, 1]}"))).containsExactly(all, chunk, all, chunk);
        assertThat(windows(read("{`no_rope_layer_interval`: 2}"))).containsExactly(chunk, all, chunk, all);
        String full = "`full_attention`";
        assertThat(windows(read("{`layer_types`: [" + full + ", " + full + ", " + full + ", `chunked_attention`]}")))
                .containsExactly(all, all, all, chunk);
    }

    @ParameterizedTest
    @CsvSource({"`attention_chunk_size`: null", "`attention_chunk_size`: 256", "`max_position_embeddings`: 12"})
    void chunks_that_hold_the_whole_context_are_none(String changes) throws IOException {
        assertThat(windows(read("{" + changes + "}"))).containsOnly(Optional.empty());
    }

    @Test
    void layers_without_positions_have_a_temperature_and_the_others_norms() throws IOException {
        List<String> kinds = read("{}")
                .attentions()
                .map(attention -> attention.rule().rotary().isPresent()
                        + " " + attention.rule().temperature().isPresent()
                        + " " + attention.norms().isPresent())
                .toList();
        assertThat(kinds).containsExactly("true false true", "true false true", "true false true", "false true false");
        assertThat(read("{`use_qk_norm`: false}").attentions())
                .allMatch(each -> each.norms().isEmpty());
        assertThat(read("{`attn_temperature_tuning`: false}").temperatures()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "`layer_types`: [`sliding_attention`, `full_attention`, `full_attention`, `full_attention`]; sliding_attention, layer 0",
                "`attention_chunk_size`: null, `layer_types`: [`chunked_attention`, `full_attention`, `full_attention`, `full_attention`]; attention_chunk_size",
                "`attn_temperature_tuning`: 4; not true or false",
                "`hidden_act`: `gelu`; gelu",
                "`moe_layers`: [1, 2]; layers.2.feed_forward",
                "`moe_layers`: []; layers.1.feed_forward",
                "`rope_scaling`: {`rope_type`: `llama3`, `factor`: 8.0, `low_freq_factor`: 4.0, `high_freq_factor`: 1.0, "
                        + "`original_max_position_embeddings`: 64}; should not be above high_freq_factor"
            })
    void what_it_is_not_is_refused_by_name(String changes, String message) throws IOException {
        Path checkpoint = changed("{" + changes + "}").directory();
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(checkpoint)))
                .hasMessageContaining(message);
    }

    /** In half precision a sigmoid makes large results one, and the first of equals would be chosen. */
    @ParameterizedTest
    @CsvSource({"ort, fp16", "onnx, fp16", "onnx, fp32"})
    void experts_are_ranked_before_the_sigmoid(String dialect, String dtype) throws IOException {
        Path output = directory.resolve("model");
        CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint("llama4"),
                "-o",
                output,
                "--window",
                "0:0",
                "--dialect",
                dialect,
                "--dtype",
                dtype,
                "--no-load",
                "--quiet");
        List<NodeProto> nodes = ModelFile.read(output).getGraph().getNodeList();
        List<String> ranked = nodes.stream()
                .filter(node -> node.getOpType().equals("TopK"))
                .map(node -> node.getInput(0))
                .toList();
        assertThat(ranked).isNotEmpty();
        assertThat(nodes.stream().filter(node -> ranked.contains(node.getOutput(0))))
                .extracting(NodeProto::getOpType)
                .containsOnly("MatMul");
    }

    /** GroupQueryAttention of CUDA takes no bias of scores, which chunks are. */
    @ParameterizedTest
    @CsvSource({"12, 3", "256, 0"})
    void scores_get_a_bias_only_where_a_text_can_have_a_second_chunk(int size, long biased) throws IOException {
        Path output = directory.resolve("model");
        CommandRun.succeeding(
                "convert",
                changed("{`attention_chunk_size`: " + size + "}").directory(),
                "-o",
                output,
                "--window",
                "0:0",
                "--no-load",
                "--quiet");
        assertThat(ModelFile.read(output).getGraph().getNodeList().stream()
                        .filter(node -> node.getOpType().equals("GroupQueryAttention") && node.getInputCount() > 10))
                .hasSize((int) biased);
    }
}
