package dev.twofold.graph;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.OperatorSetIdProto;
import dev.twofold.graph.proto.StringStringEntryProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataLocation;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Placement;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a graph as {@code model.onnx} with its weights in {@code model.onnx.data} beside it. */
public final class OnnxFile {

    /** Runtimes map weights from the file, and a mapping starts at a page. */
    public static final long ALIGNMENT = 4096;

    private OnnxFile() {}

    /** @throws TwofoldException if a weight cannot be represented or the disk does not take the files */
    public static Written write(Graph graph, Path directory, WeightWriter writer) {
        return write(graph, directory.resolve(GraphNames.MODEL), GraphNames.DATA, writer);
    }

    /**
     * The same under other names.
     *
     * @param data name of the file with the weights, beside the model
     */
    public static Written write(Graph graph, Path model, String data, WeightWriter writer) {
        Written written = writer.write(model.resolveSibling(data), place(graph.weights()));
        writeModel(graph, model, data);
        return written;
    }

    /**
     * Writes a graph alone, whose weights are in the data file of another one that has the same.
     *
     * @param data name of that file
     */
    public static void writeModel(Graph graph, Path model, String data) {
        try {
            Files.write(model, toProto(graph, place(graph.weights()), data).toByteArray());
        } catch (IOException e) {
            throw TwofoldException.environment("cannot write the file")
                    .at(Origin.file(model))
                    .found(e)
                    .cause(e);
        }
    }

    /** Bytes of weights, without what lies between them in the data file. */
    public static long weightBytes(List<Graph.NamedWeight> weights) {
        return place(weights).stream().mapToLong(Placement::bytes).sum();
    }

    /** Bytes that the data file of these weights takes. */
    public static long dataBytes(List<Graph.NamedWeight> weights) {
        List<Placement> placements = place(weights);
        Placement last = placements.get(placements.size() - 1);
        return last.offset() + last.bytes();
    }

    private static List<Placement> place(List<Graph.NamedWeight> weights) {
        List<Placement> placements = new ArrayList<>();
        long offset = 0;
        for (Graph.NamedWeight weight : weights) {
            Placement placement = new Placement(weight.name(), weight.weight(), weight.dtype(), offset);
            placements.add(placement);
            offset = roundUp(offset + placement.bytes());
        }
        return placements;
    }

    private static long roundUp(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static ModelProto toProto(Graph graph, List<Placement> placements, String data) {
        GraphProto.Builder body = GraphProto.newBuilder()
                .setName("decoder")
                .addAllNode(graph.nodes())
                .addAllInput(graph.inputs())
                .addAllOutput(graph.outputs())
                .addAllInitializer(graph.constants());
        for (int i = 0; i < placements.size(); i++) {
            body.addInitializer(external(graph.weights().get(i), placements.get(i), data));
        }
        return wrap(graph, body);
    }

    /** A model of a graph that has no weights of its own. */
    public static ModelProto withoutWeights(Graph graph) {
        if (!graph.weights().isEmpty()) {
            throw new IllegalArgumentException("the graph has weights");
        }
        return toProto(graph, List.of(), GraphNames.DATA);
    }

    private static ModelProto wrap(Graph graph, GraphProto.Builder body) {
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(graph.irVersion())
                .setProducerName("twofold")
                .addAllConfiguration(graph.configurations())
                .setGraph(body);
        graph.opsets()
                .forEach((domain, version) -> model.addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
        return model.build();
    }

    private static TensorProto external(Graph.NamedWeight weight, Placement placement, String data) {
        return TensorProto.newBuilder()
                .setName(weight.name())
                .setDataType(weight.type().getNumber())
                .addAllDims(weight.dims())
                .setDataLocation(DataLocation.EXTERNAL)
                .addExternalData(entry("location", data))
                .addExternalData(entry("offset", String.valueOf(placement.offset())))
                .addExternalData(entry("length", String.valueOf(placement.bytes())))
                .build();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
