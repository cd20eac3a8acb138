package dev.twofold.source.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.ValueInfoProto;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a model file field by field, so that the bytes of its tensors are passed over and nothing is held but the nodes. Sizes are
 * bounded, for a file may say anything.
 */
final class ModelScan {

    /** The deepest published models have some 10,000. */
    private static final int MAX_NODES = 1 << 17;

    private static final int MAX_TENSORS = 1 << 18;

    /** Of nodes, inputs and outputs together. */
    private static final long MAX_HELD = 256L << 20;

    /** Bytes that something is counted for beside its own. */
    private static final int OVERHEAD = 64;

    /** Of {@code sparse_initializer} in a graph, which the description of the format here leaves out. */
    private static final int SPARSE = 15;

    private final Path file;
    private final ExternalData external;
    private final List<NodeProto> nodes = new ArrayList<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final List<String> inputs = new ArrayList<>();
    private final List<String> outputs = new ArrayList<>();
    private String producer = "";
    private boolean found;
    private long held;

    private ModelScan(Path file) {
        this.file = file;
        this.external = new ExternalData(file);
    }

    /** @throws TwofoldException of kind INPUT if it is no ONNX model, or one that is beyond the limits */
    static ModelGraph read(Path file) {
        SourceFile.requireChosen(file);
        long size = file.toFile().length();
        if (size > Integer.MAX_VALUE) {
            throw TwofoldException.input("a model file beyond the 2 GB that protobuf allows")
                    .at(Origin.file(file))
                    .found(size + " bytes")
                    .hint("save the model with external data");
        }
        ModelScan scan = new ModelScan(file);
        try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file))) {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            in.setSizeLimit(Integer.MAX_VALUE);
            scan.model(in);
        } catch (InvalidProtocolBufferException e) {
            throw TwofoldException.input("not an ONNX model, or a part of one")
                    .at(Origin.file(file))
                    .found(String.valueOf(e.getMessage()))
                    .hint("download the file again")
                    .cause(e);
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
        return scan.graph();
    }

    private ModelGraph graph() {
        if (!found) {
            throw TwofoldException.input("not an ONNX model")
                    .at(Origin.file(file))
                    .found("no graph in it")
                    .hint("download the file again");
        }
        List<String> given =
                inputs.stream().filter(name -> !tensors.containsKey(name)).toList();
        return new ModelGraph(
                file,
                producer,
                NodeOrder.sorted(nodes),
                Map.copyOf(tensors),
                given,
                List.copyOf(outputs),
                external.files());
    }

    private void model(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int field = WireFormat.getTagFieldNumber(tag);
            if (field == ModelProto.PRODUCER_NAME_FIELD_NUMBER) {
                producer = in.readString();
            } else if (field == ModelProto.GRAPH_FIELD_NUMBER) {
                found = true;
                within(in, () -> graph(in));
            } else {
                in.skipField(tag);
            }
        }
    }

    /** Reads a message inside another. */
    private interface Message {
        void read() throws IOException;
    }

    private static void within(CodedInputStream in, Message message) throws IOException {
        int limit = in.pushLimit(in.readRawVarint32());
        message.read();
        in.checkLastTagWas(0);
        in.popLimit(limit);
    }

    private void graph(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case GraphProto.NODE_FIELD_NUMBER -> nodes.add(NodeProto.parseFrom(held(in)));
                case GraphProto.INITIALIZER_FIELD_NUMBER -> within(in, () -> tensor(in));
                case GraphProto.INPUT_FIELD_NUMBER ->
                    inputs.add(ValueInfoProto.parseFrom(held(in)).getName());
                case GraphProto.OUTPUT_FIELD_NUMBER ->
                    outputs.add(ValueInfoProto.parseFrom(held(in)).getName());
                case SPARSE ->
                    throw TwofoldException.input("sparse tensors are not read")
                            .at(Origin.file(file))
                            .found("sparse_initializer");
                default -> in.skipField(tag);
            }
            if (nodes.size() > MAX_NODES || tensors.size() > MAX_TENSORS) {
                throw tooMuch(
                        nodes.size() + " nodes and " + tensors.size() + " tensors",
                        MAX_NODES + " nodes and " + MAX_TENSORS + " tensors");
            }
        }
    }

    private byte[] held(CodedInputStream in) throws IOException {
        int length = in.readRawVarint32();
        held += length + (long) OVERHEAD;
        if (held > MAX_HELD) {
            throw tooMuch("nodes of more bytes", MAX_HELD + " bytes of them")
                    .hint("save the model with its weights as external data");
        }
        return in.readRawBytes(length);
    }

    private void tensor(CodedInputStream in) throws IOException {
        Tensor tensor = TensorScan.read(in, file, external);
        if (tensors.put(tensor.name(), tensor) != null) {
            throw TwofoldException.input("two tensors of one name")
                    .at(Origin.tensor(file, tensor.name()))
                    .hint("export the model again");
        }
    }

    private TwofoldException tooMuch(String what, String most) {
        return TwofoldException.input("a graph that is too large")
                .at(Origin.file(file))
                .found(what)
                .expected("at most " + most);
    }
}
