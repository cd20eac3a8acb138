package dev.twofold.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of 16-bit numbers that compute in fp32. */
final class WidenedModelTest {

    private static final Set<Integer> NARROW = Set.of(DataType.FLOAT16_VALUE, DataType.BFLOAT16_VALUE);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {"--dtype fp16", "--dtype bf16", "--dtype fp16 --dialect onnx", "--dtype int4 --around fp16"})
    void nothing_is_computed_in_16_bits_and_weights_stay_where_they_are(String options) throws Exception {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path output = directory.resolve("output");
        CommandRun.succeeding(Stream.concat(
                        Stream.of("convert", checkpoint, "-o", output, "--quiet", "--window", "0:2"),
                        Arrays.stream(options.split(" ")))
                .toArray());
        GraphProto stored = ModelFile.read(output).getGraph();
        GraphProto widened = WidenedModel.of(ModelFile.read(output)).getGraph();
        assertThat(widened.getInitializerList().stream()
                        .map(tensor -> tensor.getExternalDataList().toString())
                        .toList())
                .isEqualTo(stored.getInitializerList().stream()
                        .map(tensor -> tensor.getExternalDataList().toString())
                        .toList());
        Set<String> narrow = widened.getInitializerList().stream()
                .filter(tensor -> NARROW.contains(tensor.getDataType()))
                .map(tensor -> tensor.getName())
                .collect(Collectors.toSet());
        assertThat(narrow).isNotEmpty().allMatch(name -> name.endsWith("/stored"));
        assertThat(widened.getNodeList().stream()
                        .filter(node -> node.getInputList().stream().anyMatch(narrow::contains))
                        .map(node -> node.getOpType())
                        .distinct())
                .containsExactly("Cast");
        assertThat(widened.getOutputList())
                .noneMatch(
                        value -> NARROW.contains(value.getType().getTensorType().getElemType()));
        assertThat(widened.getInputList())
                .noneMatch(
                        value -> NARROW.contains(value.getType().getTensorType().getElemType()));
    }
}
