package dev.twofold.target.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataLocation;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.testing.Novels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is in model.onnx, read back. */
final class EmittedModelTest {

    @TempDir
    private Path directory;

    private ModelProto convert(String... options) throws IOException {
        Path output = directory.resolve("model");
        List<Object> arguments =
                new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output, "--quiet", "--force"));
        arguments.addAll(Arrays.asList(options));
        CommandRun.succeeding(arguments.toArray());
        return ModelProto.parseFrom(Files.readAllBytes(output.resolve("model.onnx")));
    }

    private static List<NodeProto> nodesOf(ModelProto model, String prefix) {
        return model.getGraph().getNodeList().stream()
                .filter(node -> node.getName().startsWith(prefix))
                .toList();
    }

    @Test
    void an_ordinary_layer_is_eleven_nodes() throws IOException {
        assertThat(nodesOf(convert("--window", "0:0"), "layers.5/"))
                .extracting(NodeProto::getOpType)
                .containsExactly(
                        "SkipSimplifiedLayerNormalization",
                        "MatMul",
                        "GroupQueryAttention",
                        "MatMul",
                        "SkipSimplifiedLayerNormalization",
                        "MatMul",
                        "Split",
                        "Sigmoid",
                        "Mul",
                        "Mul",
                        "MatMul");
    }

    @Test
    void a_pair_with_a_wide_cache_is_the_same_eleven_nodes() throws IOException {
        ModelProto plain = convert("--window", "0:0");
        ModelProto paired = convert("--window", "4:6", "--kv-layout", "wide");
        assertThat(nodesOf(paired, "layers.4_5/"))
                .extracting(NodeProto::getOpType)
                .containsExactlyElementsOf(nodesOf(plain, "layers.4/").stream()
                        .map(NodeProto::getOpType)
                        .toList());
    }

    @Test
    void caches_of_their_own_cost_a_pair_three_nodes() throws IOException {
        assertThat(nodesOf(convert("--window", "4:6"), "layers.4_5/")).hasSize(11 + 3);
    }

    @Test
    void the_standard_dialect_has_only_standard_operators() throws IOException {
        ModelProto model = convert("--window", "2:14", "--dialect", "onnx");
        assertThat(model.getGraph().getNodeList())
                .allMatch(node -> node.getDomain().isEmpty());
        assertThat(model.getOpsetImportList())
                .extracting(opset -> opset.getDomain() + opset.getVersion())
                .containsExactly("23");
    }

    @ParameterizedTest
    @CsvSource({"ort, fp32", "onnx, fp32", "ort, fp16", "onnx, fp16", "ort, bf16"})
    void tied_embeddings_are_stored_once(String dialect, String dtype) throws IOException {
        ModelProto model = convert("--window", "2:14", "--dialect", dialect, "--dtype", dtype);
        assertThat(model.getGraph().getInitializerList())
                .filteredOn(tensor -> tensor.getDimsList().contains(4096L))
                .hasSize(1);
    }

    @Test
    void weights_are_external_and_start_at_pages() throws IOException {
        ModelProto model = convert("--window", "2:14");
        long size = Files.size(directory.resolve("model").resolve("model.onnx.data"));
        for (TensorProto tensor : model.getGraph().getInitializerList()) {
            if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
                Map<String, String> external = tensor.getExternalDataList().stream()
                        .collect(Collectors.toMap(entry -> entry.getKey(), entry -> entry.getValue()));
                long offset = Long.parseLong(external.get("offset"));
                long length = Long.parseLong(external.get("length"));
                assertThat(external).containsEntry("location", "model.onnx.data");
                assertThat(offset % 4096).isZero();
                assertThat(offset + length).isLessThanOrEqualTo(size);
                assertThat(length)
                        .isEqualTo(4
                                * tensor.getDimsList().stream()
                                        .mapToLong(Long::longValue)
                                        .reduce(1, (a, b) -> a * b));
            } else {
                assertThat(tensor.getSerializedSize()).isLessThan(128);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"ort", "onnx"})
    void names_are_unique_and_nodes_come_after_what_they_read(String dialect) throws IOException {
        ModelProto model = convert("--window", "2:14", "--one-sync", "--dialect", dialect);
        Set<String> known = new HashSet<>(Set.of(""));
        Stream.concat(
                        model.getGraph().getInputList().stream().map(ValueInfoProto::getName),
                        model.getGraph().getInitializerList().stream().map(TensorProto::getName))
                .forEach(name -> assertThat(known.add(name)).as(name).isTrue());
        Set<String> nodes = new HashSet<>();
        for (NodeProto node : model.getGraph().getNodeList()) {
            assertThat(nodes.add(node.getName())).as(node.getName()).isTrue();
            assertThat(known).containsAll(node.getInputList());
            node.getOutputList().stream()
                    .filter(name -> !name.isEmpty())
                    .forEach(name -> assertThat(known.add(name)).as(name).isTrue());
        }
        assertThat(known)
                .containsAll(model.getGraph().getOutputList().stream()
                        .map(ValueInfoProto::getName)
                        .toList());
    }

    @Test
    void per_layer_caches_keep_the_indices_and_heads_of_the_checkpoint() throws IOException {
        ModelProto model = convert("--window", "2:14");
        assertThat(model.getGraph().getInputList().stream()
                        .map(ValueInfoProto::getName)
                        .skip(2))
                .containsExactlyElementsOf(IntStream.range(0, 16)
                        .boxed()
                        .flatMap(i -> Stream.of("past_key_values." + i + ".key", "past_key_values." + i + ".value"))
                        .toList());
        assertThat(kvHeads(model)).hasSize(16).containsOnly(2L);
    }

    @Test
    void wide_caches_are_one_a_pair_with_the_heads_of_both() throws IOException {
        ModelProto model = convert("--window", "2:14", "--kv-layout", "wide");
        assertThat(kvHeads(model)).containsExactly(2L, 2L, 4L, 4L, 4L, 4L, 4L, 4L, 2L, 2L);
    }

    private static List<Long> kvHeads(ModelProto model) {
        return model.getGraph().getInputList().stream()
                .filter(input -> input.getName().endsWith(".key"))
                .map(input ->
                        input.getType().getTensorType().getShape().getDim(1).getDimValue())
                .toList();
    }

    @Test
    void caches_are_numbered_without_gaps_when_layers_are_dropped() throws IOException {
        Path pipeline = directory.resolve("drop.yaml");
        Files.writeString(pipeline, "steps:\n  - drop-layers: {layers: [3, 7]}\n  - fold-norms\n");
        ModelProto model = convert("--pipeline", pipeline.toString());
        assertThat(model.getGraph().getInputList())
                .extracting(ValueInfoProto::getName)
                .contains("past_key_values.13.key")
                .doesNotContain("past_key_values.14.key");
        assertThat(Files.readString(directory.resolve("model").resolve("config.json")))
                .contains("\"num_hidden_layers\" : 14");
    }
}
