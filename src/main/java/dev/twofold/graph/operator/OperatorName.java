package dev.twofold.graph.operator;

import dev.twofold.graph.proto.NodeProto;

/**
 * What an operator is called.
 *
 * @param domain empty for those of ONNX itself
 */
public record OperatorName(String domain, String name) {

    /** Domain of ONNX Runtime's own operators. */
    public static final String MICROSOFT = "com.microsoft";

    public OperatorName {
        domain = domain(domain);
    }

    public static OperatorName of(NodeProto node) {
        return new OperatorName(node.getDomain(), node.getOpType());
    }

    /** The one name of a domain: ONNX's own has two. */
    public static String domain(String name) {
        return name.equals("ai.onnx") ? "" : name;
    }

    @Override
    public String toString() {
        return domain.isEmpty() ? name : domain + "." + name;
    }
}
