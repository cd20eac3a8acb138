package dev.twofold.graph.operator;

import static dev.twofold.graph.operator.Arity.ANY;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.graph.operator.ResultType.Fixed;
import dev.twofold.graph.operator.ResultType.LikeOperand;
import dev.twofold.graph.operator.ResultType.Stated;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Every operator that Twofold emits, and nothing else. A row says what is particular to its operator; the rest is as in
 * {@link OperatorRow#of}. Numbers of inputs and outputs are those of ONNX's operator sets 18 to 23 and of ONNX Runtime
 * 1.29.
 *
 * <p>Kernels of a framework that runs operators one by one are counted in transformers' Llama (its
 * {@code modeling_llama.py}) in 16 bits.
 *
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/Operators.md">ONNX operators</a>
 * @see <a href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ONNX Runtime's own</a>
 */
public final class OperatorTable {

    /** To float32, square, mean, add, reciprocal root, multiply, back, multiply. */
    private static final int RMS_NORM = 8;
    /** Negate, concatenate, two products, sum. */
    private static final int ROTATION = 5;
    /** Keys and values are appended to the cache, and attended to. */
    private static final int ATTENTION = 3;
    /** The projections before an attention, which the graph has in one, are three apart. */
    private static final int PROJECTIONS = 2;

    /** Of one expert: its tokens, two products, and a gate between them, which is two. */
    private static final int EXPERT = 5;

    private static final ResultType TRUTH = new Fixed(DataType.BOOL);
    private static final ResultType INDEX = new Fixed(DataType.INT64);

    private static final List<OperatorRow> ROWS = List.of(
            // Products.
            onnx("MatMul", 2).product(CutRule.PRODUCT),
            onnx("Gemm", 2, 3).product(CutRule.MATRIX_PRODUCT),
            // Weights in blocks.
            microsoft("MatMulNBits", 3, 6).product(CutRule.BLOCK_PRODUCT).wide(ResultWidth.ROWS),
            microsoft("GatherBlockQuantized", 3, 4)
                    .typed(new LikeOperand(2))
                    .lookUp()
                    .wide(ResultWidth.ROW)
                    .cut(CutRule.BLOCK_ROWS),
            onnx("DequantizeLinear", 2, 3).typed(new LikeOperand(1)).folded().cut(CutRule.BLOCKS),
            // Experts of which some run.
            microsoft("MoE", 5, 6).chosen().wide(ResultWidth.FIRST).eager(EXPERT),
            // Arithmetic, element by element. A sigmoid is part of the SiLU that its product is counted as.
            onnx("Add", 2).cut(CutRule.ELEMENTWISE),
            onnx("Sub", 2).cut(CutRule.ELEMENTWISE),
            onnx("Mul", 2).cut(CutRule.ELEMENTWISE),
            onnx("Div", 2).cut(CutRule.ELEMENTWISE),
            onnx("Sum", 1, ANY),
            onnx("Max", 1, ANY).cut(CutRule.ELEMENTWISE),
            onnx("Min", 1, ANY).cut(CutRule.ELEMENTWISE),
            onnx("Clip", 1, 3),
            onnx("Abs", 1),
            onnx("Neg", 1),
            onnx("Sqrt", 1),
            onnx("Erf", 1),
            onnx("Exp", 1),
            onnx("Log", 1),
            onnx("Tanh", 1).cut(CutRule.ELEMENTWISE),
            onnx("Sigmoid", 1).cut(CutRule.ELEMENTWISE).eager(0),
            onnx("Gelu", 1).cut(CutRule.ELEMENTWISE),
            onnx("Relu", 1).cut(CutRule.ELEMENTWISE),
            onnx("Elu", 1).cut(CutRule.ELEMENTWISE),
            onnx("Softplus", 1).cut(CutRule.ELEMENTWISE),
            // Comparisons and choices.
            onnx("Equal", 2).typed(TRUTH),
            onnx("Greater", 2).typed(TRUTH),
            onnx("GreaterOrEqual", 2).typed(TRUTH),
            onnx("Less", 2).typed(TRUTH),
            onnx("LessOrEqual", 2).typed(TRUTH),
            onnx("And", 2).typed(TRUTH),
            onnx("Or", 2).typed(TRUTH),
            onnx("Where", 3).typed(new LikeOperand(1)),
            // Along an axis.
            onnx("ReduceSum", 1, 2),
            onnx("ReduceMean", 1, 2),
            onnx("ReduceMax", 1, 2),
            onnx("ReduceMin", 1, 2),
            onnx("ArgMax", 1).typed(INDEX),
            onnx("CumSum", 2),
            onnx("Softmax", 1),
            onnx("LogSoftmax", 1),
            onnx("TopK", 2).outputs(2, 2).typed(new LikeOperand(0), INDEX),
            // Norms.
            onnx("LayerNormalization", 2, 3).outputs(1, 3).cut(CutRule.NORM),
            onnx("SimplifiedLayerNormalization", 2)
                    .outputs(1, 2)
                    .cut(CutRule.NORM)
                    .eager(RMS_NORM),
            onnx("RMSNormalization", 2).cut(CutRule.NORM).eager(RMS_NORM),
            microsoft("SkipLayerNormalization", 3, 5).outputs(1, 4).eager(1 + 1),
            microsoft("SkipSimplifiedLayerNormalization", 3, 4).outputs(1, 4).eager(1 + RMS_NORM),
            // Attention.
            onnx("Attention", 3, 6)
                    .outputs(1, 4)
                    .wide(ResultWidth.Q_NUM_HEADS)
                    .cut(CutRule.ATTENTION)
                    .eager(ATTENTION),
            microsoft("GroupQueryAttention", 7, 16)
                    .outputs(1, 4)
                    .lookUp()
                    .wide(ResultWidth.NUM_HEADS)
                    .cut(CutRule.GROUP_QUERY_ATTENTION)
                    .eager(PROJECTIONS + 2 * ROTATION + ATTENTION),
            onnx("RotaryEmbedding", 3, 4).lookUp().cut(CutRule.LIKE_FIRST).eager(ROTATION),
            microsoft("RotaryEmbedding", 4).lookUp().cut(CutRule.LIKE_FIRST).eager(ROTATION),
            // Parts of values.
            onnx("Gather", 2).lookUp().wide(ResultWidth.ROW).cut(CutRule.ROWS),
            onnx("GatherElements", 2),
            onnx("GatherND", 2),
            onnx("ScatterElements", 3),
            onnx("Slice", 3, 5),
            onnx("Split", 1, 2).outputs(1, ANY).wide(ResultWidth.PARTS),
            onnx("Concat", 1, ANY).wide(ResultWidth.SUM).cut(CutRule.SIDE_BY_SIDE),
            onnx("Trilu", 1, 2),
            // Shapes and types.
            onnx("Shape", 1).typed(INDEX).view(),
            onnx("Reshape", 2).folded().cut(CutRule.RESHAPED).view(),
            onnx("Squeeze", 1, 2).view(),
            onnx("Unsqueeze", 2).view(),
            onnx("Identity", 1).view(),
            onnx("Transpose", 1).folded().cut(CutRule.TRANSPOSED),
            onnx("Cast", 1).folded().typed(new Stated("to")),
            onnx("Expand", 2),
            onnx("Range", 3),
            // Where devices meet. The last one is TensorRT's.
            microsoft("AllReduce", 1).meets(Meeting.SUM),
            microsoft("AllGather", 1).meets(Meeting.GATHER),
            onnx("DistCollective", 1).meets(Meeting.STATED));

    private static final Map<OperatorName, OperatorRow> BY_NAME =
            ROWS.stream().collect(Collectors.toUnmodifiableMap(OperatorRow::name, Function.identity()));

    private OperatorTable() {}

    private static OperatorRow onnx(String name, int inputs) {
        return onnx(name, inputs, inputs);
    }

    private static OperatorRow onnx(String name, int leastInputs, int mostInputs) {
        return OperatorRow.of("", name, leastInputs, mostInputs);
    }

    private static OperatorRow microsoft(String name, int inputs) {
        return microsoft(name, inputs, inputs);
    }

    private static OperatorRow microsoft(String name, int leastInputs, int mostInputs) {
        return OperatorRow.of(MICROSOFT, name, leastInputs, mostInputs);
    }

    static List<OperatorRow> rows() {
        return ROWS;
    }

    /** The row of a node's operator. It has one if {@link #problem} finds none. */
    public static OperatorRow of(NodeProto node) {
        OperatorRow row = BY_NAME.get(OperatorName.of(node));
        if (row == null) {
            throw new IllegalStateException(node.getName() + " " + unknown(node));
        }
        return row;
    }

    /** What is wrong with a node by its row, in words that follow its name; empty if nothing is. */
    public static Optional<String> problem(NodeProto node) {
        OperatorRow row = BY_NAME.get(OperatorName.of(node));
        if (row == null) {
            return Optional.of(unknown(node));
        }
        return row.arity()
                .problem(node.getInputCount(), node.getOutputCount())
                .map(problem -> "(" + row.name() + ") has " + problem);
    }

    private static String unknown(NodeProto node) {
        return "is of the operator " + OperatorName.of(node) + ", which is not in the table of operators";
    }
}
