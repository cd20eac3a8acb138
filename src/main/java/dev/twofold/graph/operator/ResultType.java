package dev.twofold.graph.operator;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.function.ToIntFunction;

/** How the element type of a result follows, in ONNX's numbers of types. */
public sealed interface ResultType {

    /** @param operands the type of each operand, by its name */
    int of(NodeProto node, ToIntFunction<String> operands);

    /** That of an operand. */
    record LikeOperand(int index) implements ResultType {
        @Override
        public int of(NodeProto node, ToIntFunction<String> operands) {
            return operands.applyAsInt(node.getInput(index));
        }
    }

    /** Always the same. */
    record Fixed(DataType type) implements ResultType {
        @Override
        public int of(NodeProto node, ToIntFunction<String> operands) {
            return type.getNumber();
        }
    }

    /** What an attribute says. */
    record Stated(String attribute) implements ResultType {
        @Override
        public int of(NodeProto node, ToIntFunction<String> operands) {
            return (int) node.getAttributeList().stream()
                    .filter(candidate -> candidate.getName().equals(attribute))
                    .mapToLong(AttributeProto::getI)
                    .findFirst()
                    .orElseThrow();
        }
    }
}
