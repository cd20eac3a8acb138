package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Rounded;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Rows of a table {@code [vocabulary, hidden]} that is stored in blocks. In ONNX Runtime's layout they come from the codes that a
 * tied head multiplies with. No standard operator takes rows of half bytes, so there they are taken as bytes, and made numbers of
 * one by one.
 */
record BlockTable(GraphBuilder graph) {

    /**
     * @param ids int64 {@code [batch, sequence]}
     * @return {@code [batch, sequence, hidden]}
     */
    String rows(String name, String ids, Weight table) {
        Rounded matrix = BlockProduct.parts(name, table).get(0);
        BlockTensors tensors = new BlockTensors(graph, name, matrix);
        String codes = graph.node(
                name + "/table",
                "Reshape",
                List.of(tensors.packedCodes(), graph.integers(tensors.rows(), tensors.rowBytes())));
        String rows =
                graph.blocks().fusedRows() ? gathered(name, ids, codes, tensors) : unpacked(name, ids, codes, tensors);
        boolean whole = matrix.blocks().isEdge(tensors.columns());
        return whole
                ? rows
                : graph.node(
                        name + "/whole",
                        "Slice",
                        List.of(rows, graph.integers(0), graph.integers(tensors.columns()), graph.integers(-1)));
    }

    private String gathered(String name, String ids, String codes, BlockTensors tensors) {
        return graph.node(
                        name,
                        MICROSOFT,
                        "GatherBlockQuantized",
                        Stream.concat(Stream.of(codes, ids, tensors.scales()), tensors.packedZeros().stream())
                                .toList(),
                        1,
                        integer("bits", tensors.matrix().blocks().bits()),
                        integer("block_size", tensors.matrix().blocks().size()),
                        integer("gather_axis", 0),
                        integer("quantize_axis", 1))
                .get(0);
    }

    private String unpacked(String name, String ids, String codes, BlockTensors tensors) {
        long size = tensors.matrix().blocks().size();
        String taken = numbers(name + "/codes", graph.node(name + "/row", "Gather", List.of(codes, ids)), tensors);
        String blocks =
                graph.node(name + "/blocks", "Reshape", List.of(taken, graph.integers(0, 0, tensors.count(), size)));
        String centred = graph.node(name + "/centred", "Sub", List.of(blocks, zero(name, ids, tensors)));
        String cast = graph.node(
                name + "/cast",
                "Cast",
                List.of(centred),
                integer("to", graph.floating().getNumber()));
        String scales = graph.node(name + "/row_scales", "Gather", List.of(tensors.scales(), ids));
        String scaled = graph.node(name + "/scaled", "Mul", List.of(cast, column(name + "/row_scale", scales)));
        return graph.node(name, "Reshape", List.of(scaled, graph.integers(0, 0, tensors.count() * size)));
    }

    private String zero(String name, String ids, BlockTensors tensors) {
        Optional<String> zeros = tensors.packedZeros();
        if (zeros.isEmpty()) {
            return graph.integer(tensors.matrix().blocks().middle());
        }
        String taken = graph.node(name + "/row_zeros", "Gather", List.of(zeros.get(), ids));
        String all = numbers(name + "/zeros", taken, tensors);
        String known = graph.node(
                name + "/own_zeros",
                "Slice",
                List.of(all, graph.integers(0), graph.integers(tensors.count()), graph.integers(-1)));
        return column(name + "/row_zero", known);
    }

    private String column(String name, String x) {
        return graph.node(name, "Unsqueeze", List.of(x, graph.integers(-1)));
    }

    /** Bytes {@code [batch, sequence, n]} as whole numbers, two of each byte where codes are half bytes. */
    private String numbers(String name, String bytes, BlockTensors tensors) {
        String whole = graph.node(name + "/int64", "Cast", List.of(bytes), integer("to", DataType.INT64_VALUE));
        if (tensors.matrix().blocks().bits() == 8) {
            return whole;
        }
        String half = graph.integer(16);
        String high = graph.node(name + "/high", "Div", List.of(whole, half));
        String above = graph.node(name + "/above", "Mul", List.of(high, half));
        String low = graph.node(name + "/low", "Sub", List.of(whole, above));
        String both = graph.node(
                name + "/both",
                "Concat",
                List.of(column(name + "/first", low), column(name + "/second", high)),
                integer("axis", -1));
        return graph.node(name, "Reshape", List.of(both, graph.integers(0, 0, -1)));
    }
}
