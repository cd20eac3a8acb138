package dev.twofold.graph.lower;

import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.BlockPart;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.BlockTensor;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;

/**
 * The initializers that a rounded matrix {@code [out, in]} becomes, in the two layouts there are: ONNX Runtime's, whose rows are
 * bytes of whole blocks, and the standard one, whose elements have a type of half a byte.
 *
 * @param name that the initializers' names start with
 */
record BlockTensors(GraphBuilder graph, String name, Rounded matrix) {

    private IntegerBlocks blocks() {
        return matrix.blocks();
    }

    long rows() {
        return matrix.shape().dim(0);
    }

    long columns() {
        return matrix.shape().dim(1);
    }

    /** Blocks in a row. */
    long count() {
        return blocks().blocks(columns());
    }

    /** Bytes of the codes of a row of whole blocks. */
    long rowBytes() {
        return count() * blockBytes();
    }

    private long blockBytes() {
        return (long) blocks().size() * blocks().bits() / 8;
    }

    private DType code() {
        return blocks().bits() == 4 ? DType.U4 : DType.U8;
    }

    /** uint8 {@code [out, blocks, bytes of a block]}. */
    String packedCodes() {
        return stored(
                "codes",
                new BlockTensor(matrix, BlockPart.CODES, count() * blocks().size()),
                code(),
                DataType.UINT8,
                List.of(rows(), count(), blockBytes()));
    }

    /** {@code [out, blocks]}. */
    String scales() {
        return scales(new BlockTensor(matrix, BlockPart.SCALES, count()));
    }

    private String scales(Weight scales) {
        if (GraphBuilder.dataType(blocks().scales()) != graph.floating()) {
            throw new IllegalStateException(
                    name + " has scales of " + blocks().scales() + " in a graph of another type");
        }
        return graph.weight(name + ".scales", scales);
    }

    /** uint8 {@code [out, bytes of the codes of a row]}; nothing if zero is in the middle everywhere. */
    Optional<String> packedZeros() {
        if (blocks().symmetric()) {
            return Optional.empty();
        }
        int each = 8 / blocks().bits();
        long bytes = (count() + each - 1) / each;
        return Optional.of(stored(
                "zeros",
                new BlockTensor(matrix, BlockPart.ZEROS, bytes * each),
                code(),
                DataType.UINT8,
                List.of(rows(), bytes)));
    }

    /** {@code [in, out]}, signed if zero is in the middle. */
    String standardCodes() {
        boolean symmetric = blocks().symmetric();
        Weight codes = new BlockTensor(matrix, symmetric ? BlockPart.SIGNED_CODES : BlockPart.CODES, columns());
        return standard("codes", codes, symmetric ? signed() : code());
    }

    private DType signed() {
        return blocks().bits() == 4 ? DType.I4 : DType.I8;
    }

    /** {@code [blocks, out]}. */
    String standardScales() {
        return scales(Weights.transpose(new BlockTensor(matrix, BlockPart.SCALES, count())));
    }

    /** {@code [blocks, out]}; nothing if zero is in the middle everywhere. */
    Optional<String> standardZeros() {
        return blocks().symmetric()
                ? Optional.empty()
                : Optional.of(standard("zeros", new BlockTensor(matrix, BlockPart.ZEROS, count()), code()));
    }

    private String standard(String part, Weight weight, DType type) {
        Weight turned = Weights.transpose(weight);
        return stored(
                part, turned, type, GraphBuilder.dataType(type), turned.shape().dims());
    }

    private String stored(String part, Weight weight, DType dtype, DataType type, List<Long> dims) {
        return graph.weight(name + "." + part, weight, dtype, type, dims);
    }
}
