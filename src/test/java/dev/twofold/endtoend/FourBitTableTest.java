package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.testing.Logits;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An embedding in blocks whose elements are of four bits, as other exporters write it, where Twofold's are bytes. */
final class FourBitTableTest {

    private static final long[][] TOKENS = {{3, 1, 4, 1, 5, 9, 2, 6, 5, 35, 89, 79}};

    @TempDir
    private Path directory;

    /** Without zeros it has none in ONNX Runtime, where bytes have the middle. */
    @Test
    void is_read_as_the_runtime_computes_it() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path table = directory.resolve("table");
        Path read = directory.resolve("read");
        convert(checkpoint, table, "--dtype", "int4", "--accuracy-level", "1");
        float[] bytes = Logits.of(table, TOKENS);
        ModelProto edited = ofFourBits(ModelFile.read(table));
        Files.write(table.resolve("model.onnx"), edited.toByteArray());
        float[] expected = Logits.of(table, TOKENS);
        assertThat(Logits.distance(bytes, expected)).isGreaterThan(1e-2);
        Files.delete(table.resolve("twofold.json"));
        convert(table, read);
        assertThat(Logits.distance(Logits.of(read, TOKENS), expected)).isLessThan(1e-4);
    }

    private static void convert(Path from, Path to, String... more) {
        String[] words = new String[6 + more.length];
        System.arraycopy(
                new String[] {"convert", from.toString(), "-o", to.toString(), "--window", "0:0"}, 0, words, 0, 6);
        System.arraycopy(more, 0, words, 6, more.length);
        CommandRun.succeeding((Object[]) words);
    }

    /** The same bytes as a matrix of elements of four bits, which no other node reads. */
    private static ModelProto ofFourBits(ModelProto model) {
        ModelProto.Builder edited = model.toBuilder();
        GraphProto.Builder graph = edited.getGraphBuilder();
        NodeProto.Builder gather = node(graph, "GatherBlockQuantized");
        assertThat(gather.getInputCount()).as("no zeros").isEqualTo(3);
        NodeProto.Builder table = node(graph, "Reshape");
        assertThat(table.getOutput(0)).isEqualTo(gather.getInput(0));
        TensorProto.Builder codes = graph.getInitializerBuilderList().stream()
                .filter(tensor -> tensor.getName().equals(table.getInput(0)))
                .findFirst()
                .orElseThrow();
        codes.setDataType(TensorProto.DataType.UINT4_VALUE)
                .clearDims()
                .addAllDims(List.of((long) TinyLlama.VOCABULARY, (long) TinyLlama.HIDDEN));
        gather.setInput(0, codes.getName());
        graph.removeNode(graph.getNodeBuilderList().indexOf(table));
        return edited.build();
    }

    private static NodeProto.Builder node(GraphProto.Builder graph, String operator) {
        return graph.getNodeBuilderList().stream()
                .filter(node -> node.getOpType().equals(operator))
                .findFirst()
                .orElseThrow();
    }
}
