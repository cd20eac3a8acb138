package dev.twofold.source.onnx;

import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.stream.Stream;

/** Constants that stand in nodes, and in graphs inside of nodes. */
final class Subgraphs {

    private Subgraphs() {}

    /** What a node Constant holds, if that is a tensor. */
    static Optional<Term> constant(NodeProto node, ModelGraph graph) {
        return tensor(node).map(proto -> term(proto, graph));
    }

    private static Optional<TensorProto> tensor(NodeProto node) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals("value") && attribute.hasT())
                .map(AttributeProto::getT)
                .findFirst();
    }

    private static Term term(TensorProto proto, ModelGraph graph) {
        return Constants.of(TensorScan.of(proto, graph.file(), new ExternalData(graph.file())));
    }

    /** The constant that a graph inside of a node comes to; nothing if it computes anything. */
    static Optional<Term> branch(NodeProto node, String attribute, int output, ModelGraph graph) {
        Optional<GraphProto> inner = node.getAttributeList().stream()
                .filter(found -> found.getName().equals(attribute) && found.hasG())
                .map(AttributeProto::getG)
                .findFirst();
        return inner.filter(found -> output < found.getOutputCount()).flatMap(found -> {
            String name = found.getOutput(output).getName();
            Stream<TensorProto> made = found.getNodeList().stream()
                    .filter(one -> one.getOpType().equals("Constant")
                            && one.getOutputList().contains(name))
                    .flatMap(one -> tensor(one).stream());
            Stream<TensorProto> given = found.getInitializerList().stream()
                    .filter(one -> one.getName().equals(name));
            return Stream.concat(made, given).findFirst().map(proto -> term(proto, graph));
        });
    }

    /** The first rows of a table, as far as texts go; nothing if it has not as many. */
    static Optional<Value> upTo(Value table, long rows, Values values) {
        return table.as(Term.Numbers.class)
                .map(Term.Numbers::weight)
                .filter(weight -> weight.shape().rank() == 2
                        && rows > 0
                        && rows <= weight.shape().dim(0))
                .map(weight -> values.of(cut(weight, rows)));
    }

    private static Term cut(Weight table, long rows) {
        return new Term.Numbers(Weights.slice(table, 0, 0, rows), Optional.empty());
    }
}
