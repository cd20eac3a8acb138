package dev.twofold.source.onnx;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.proto.NodeProto;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The graph of a model file, without the bytes of its tensors.
 *
 * @param producer what wrote it, as it says itself
 * @param nodes each after those that make its inputs, unless they go in a circle
 * @param tensors its constants, by name
 * @param inputs names of what it is given, without constants
 * @param dataFiles that tensors are in beside the model file, in the order of their first use
 */
record ModelGraph(
        Path file,
        String producer,
        List<NodeProto> nodes,
        Map<String, Tensor> tensors,
        List<String> inputs,
        List<String> outputs,
        List<Path> dataFiles) {

    /** How messages call a node. */
    static String describe(NodeProto node) {
        String domain = node.getDomain().isEmpty() ? "" : node.getDomain() + ".";
        String name = node.getName().isEmpty()
                ? node.getOutputList().stream()
                        .findFirst()
                        .map(value -> " that makes " + value)
                        .orElse("")
                : " " + node.getName();
        return "node" + name + " (" + domain + node.getOpType() + ")";
    }

    Origin origin(String item) {
        return new Origin(file.toString(), List.of(), item);
    }

    TwofoldException wrong(String what, NodeProto node) {
        return TwofoldException.input(what).at(origin(describe(node)));
    }
}
