package dev.twofold.reject;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** ONNX models that are broken, or are no decoder that is recognised. */
final class OnnxCases {

    private static final String MODEL = "model.onnx";
    private static final String DATA = "model.onnx.data";
    private static final String DOWN = "layers.1/feed_forward/down.weight";

    private OnnxCases() {}

    static List<Case> all() {
        Group group = new Group("onnx");
        files(group);
        graphs(group);
        return group.cases();
    }

    private static void files(Group group) {
        group.rejects(
                        "an empty file",
                        damaged(model -> Files.write(model.resolve(MODEL), new byte[0])),
                        MODEL,
                        "no graph")
                .rejects(
                        "a file of text",
                        damaged(model -> Files.writeString(model.resolve(MODEL), "no model at all, but a text")),
                        MODEL)
                .rejects("a cut graph", damaged(model -> cut(model.resolve(MODEL))), MODEL, "a part of one")
                .rejects(
                        "a graph of more than 2 GB",
                        damaged(model -> Sparse.write(model.resolve(MODEL), (1L << 31) + 1)),
                        MODEL,
                        "2 GB")
                .rejects("no file of tensors", damaged(model -> Files.delete(model.resolve(DATA))), DATA, "missing")
                .rejects("a cut file of tensors", damaged(model -> cut(model.resolve(DATA))), "tensor", "past the end")
                .rejects(
                        "a tensor beyond the end of its file",
                        tensor(DOWN, tensor -> external(tensor, "offset", "99999999999")),
                        DOWN,
                        "past the end")
                .rejects(
                        "a tensor at a place before its file",
                        tensor(DOWN, tensor -> external(tensor, "offset", "-4096")),
                        DOWN,
                        "offset -4096")
                .rejects(
                        "a tensor of other bytes than its shape",
                        tensor(DOWN, tensor -> external(tensor, "length", "12")),
                        DOWN,
                        "12 bytes")
                .rejects(
                        "a tensor in a file elsewhere",
                        tensor(DOWN, tensor -> external(tensor, "location", "../" + DATA)),
                        DOWN,
                        "not beside the model")
                .rejects(
                        "a tensor in a file of an absolute path",
                        tensor(DOWN, tensor -> external(tensor, "location", "/etc/hostname")),
                        DOWN,
                        "not beside the model")
                .rejects(
                        "a tensor of a shape that overflows",
                        tensor(DOWN, tensor -> tensor.setDims(0, 1L << 62)),
                        DOWN,
                        "shape")
                .rejects("a tensor of text", tensor(DOWN, tensor -> tensor.setDataType(8)), DOWN, "STRING")
                .rejects(
                        "two tensors of one name",
                        graph(graph -> graph.addInitializer(graph.getInitializer(3))),
                        "two tensors of one name");
    }

    private static void graphs(Group group) {
        group.rejects("no logits", graph(graph -> graph.removeOutput(0)), "no logits", "present.0.key")
                .rejects(
                        "a node missing",
                        graph(graph -> graph.removeNode(index(graph, node -> is(node, "layers.1/feed_forward/down")))),
                        "layers.2/attention/norm",
                        "layers.1/feed_forward/down/out")
                .rejects(
                        "a graph in a circle",
                        node("layers.1/feed_forward/down", node -> node.setInput(0, "layers.3/feed_forward/gated/out")),
                        "layers.1/feed_forward/down",
                        "circle")
                .rejects(
                        "two decoders behind an If",
                        graph(graph -> graph.getNodeBuilderList().stream()
                                .filter(node -> node.getOutputList().contains("logits"))
                                .forEach(node -> node.setOpType("If"))),
                        "two decoders behind an If",
                        "decoder_with_past_model.onnx")
                .rejects(
                        "a long chain of ranges whose shape is asked for",
                        graph(OnnxCases::chained),
                        "layers.1/feed_forward/down",
                        "after the attention of layer 1")
                .rejects("a value that is made twice", graph(graph -> graph.addNode(graph.getNode(0))), "made twice")
                .rejects(
                        "an operator that is none of a decoder's",
                        node("layers.2/feed_forward/gated", node -> node.setOpType("Mod")),
                        "layers.2/feed_forward/gated (Mod)",
                        "after the attention of layer 2")
                .rejects(
                        "an attention with an attribute that changes it",
                        node(
                                "layers.2/attention/gqa",
                                node -> node.addAttributeBuilder()
                                        .setName("smooth_softmax")
                                        .setI(1)),
                        "layers.2/attention/gqa (com.microsoft.GroupQueryAttention)",
                        "the attention of layer 2")
                .rejects("a branch that reads half of a step", graph(OnnxCases::entangled), "layers.", "whole steps")
                .rejects(
                        "a head of two candidates",
                        node("head", node -> node.setInput(0, "layers.3/feed_forward/gated/out")),
                        "node head")
                .rejects(
                        "a matrix of another width",
                        tensor(DOWN, tensor -> tensor.setDims(0, 64).setDims(1, 96)),
                        "layers.1/feed_forward/down")
                .rejects(
                        "tables that are no cosines",
                        graph(graph -> swap(graph, "rotary.cosines", "rotary.sines")),
                        "layers.0/attention/gqa",
                        "cosines");
    }

    /** The attention of layer 1 reads the stream with the feed-forward of layer 0 in it, but without the attention before that. */
    private static void entangled(GraphProto.Builder graph) {
        String gain = graph.getNode(index(graph, node -> is(node, "layers.1/attention/norm")))
                .getInput(2);
        int at = index(graph, node -> is(node, "layers.1/attention/qkv"));
        graph.setNode(at, graph.getNode(at).toBuilder().setInput(0, "entangled/out"));
        graph.addNode(at, made("Add", "embedding/out", "layers.0/feed_forward/down/out", "entangled/sum"));
        graph.addNode(at + 1, made("SimplifiedLayerNormalization", "entangled/sum", gain, "entangled/out"));
    }

    /** What layer 1 reads comes after a range to which a number is added three thousand times. */
    private static void chained(GraphProto.Builder graph) {
        int most = 3000;
        String one = "chained/one";
        graph.addInitializer(
                TensorProto.newBuilder().setName(one).setDataType(7).addInt64Data(1));
        graph.addInitializer(
                TensorProto.newBuilder().setName("chained/first").setDataType(7).addInt64Data(0));
        int at = index(graph, node -> is(node, "layers.1/feed_forward/down"));
        List<NodeProto> chain = new ArrayList<>();
        chain.add(NodeProto.newBuilder()
                .setOpType("Shape")
                .addInput("input_ids")
                .addOutput("chained/shape")
                .build());
        chain.add(made("Gather", "chained/shape", one, "chained/new"));
        chain.add(made("Range", "chained/first", "chained/new", "chained/0").toBuilder()
                .addInput(one)
                .build());
        for (int i = 0; i < most; i++) {
            chain.add(made("Add", "chained/" + i, one, "chained/" + (i + 1)));
        }
        chain.add(NodeProto.newBuilder()
                .setOpType("Shape")
                .addInput("chained/" + most)
                .addOutput("chained/end")
                .build());
        for (int i = 0; i < chain.size(); i++) {
            graph.addNode(at + i, chain.get(i));
        }
        NodeProto down = graph.getNode(at + chain.size());
        graph.setNode(at + chain.size(), down.toBuilder().setInput(0, "chained/end"));
    }

    private static NodeProto made(String operator, String first, String second, String result) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .addInput(first)
                .addInput(second)
                .addOutput(result)
                .build();
    }

    private static void swap(GraphProto.Builder graph, String one, String other) {
        for (int i = 0; i < graph.getInitializerCount(); i++) {
            TensorProto tensor = graph.getInitializer(i);
            if (tensor.getName().equals(one) || tensor.getName().equals(other)) {
                String name = tensor.getName().equals(one) ? other : one;
                graph.setInitializer(i, tensor.toBuilder().setName(name));
            }
        }
    }

    private static boolean is(NodeProto node, String name) {
        return node.getName().equals(name);
    }

    private static int index(GraphProto.Builder graph, Predicate<NodeProto> wanted) {
        return IntStream.range(0, graph.getNodeCount())
                .filter(i -> wanted.test(graph.getNode(i)))
                .findFirst()
                .orElseThrow();
    }

    private static Scene node(String name, Consumer<NodeProto.Builder> change) {
        return graph(graph -> {
            int at = index(graph, node -> is(node, name));
            NodeProto.Builder node = graph.getNode(at).toBuilder();
            change.accept(node);
            graph.setNode(at, node);
        });
    }

    private static Scene tensor(String name, Consumer<TensorProto.Builder> change) {
        return graph(graph -> {
            int at = IntStream.range(0, graph.getInitializerCount())
                    .filter(i -> graph.getInitializer(i).getName().equals(name))
                    .findFirst()
                    .orElseThrow();
            TensorProto.Builder tensor = graph.getInitializer(at).toBuilder();
            change.accept(tensor);
            graph.setInitializer(at, tensor);
        });
    }

    private static void external(TensorProto.Builder tensor, String key, String value) {
        for (int i = 0; i < tensor.getExternalDataCount(); i++) {
            if (tensor.getExternalData(i).getKey().equals(key)) {
                tensor.setExternalData(i, tensor.getExternalData(i).toBuilder().setValue(value));
            }
        }
    }

    private static Scene graph(Consumer<GraphProto.Builder> change) {
        return damaged(directory -> {
            Path file = directory.resolve(MODEL);
            ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
            change.accept(model.getGraphBuilder());
            Files.write(file, model.build().toByteArray());
        });
    }

    private static void cut(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2 + 1));
    }

    /** Converts what was converted once and then damaged. */
    private static Scene damaged(Group.Damage damage) {
        return directory -> {
            Path original = Files.createTempDirectory(directory, "original");
            TinyLlama.create().tokenizer().write(original);
            Path checkpoint = directory.resolve(Group.CHECKPOINT);
            CommandRun.succeeding("convert", original, "-o", checkpoint, "--window", "0:0", "--no-load", "--quiet");
            damage.to(checkpoint);
            return Group.convert(directory);
        };
    }
}
