package dev.twofold.graph;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.proto.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a model of an output, without its weights. */
public final class ModelFile {

    private ModelFile() {}

    /**
     * @param place its file, or the directory that has it as {@code model.onnx}
     * @throws TwofoldException of kind INPUT if there is none, or it is not an ONNX model
     */
    public static ModelProto read(Path place) {
        Path file = GraphNames.file(place);
        try {
            return ModelProto.parseFrom(Files.readAllBytes(file));
        } catch (IOException e) {
            throw TwofoldException.input("not an ONNX model")
                    .at(Origin.file(file))
                    .found(e)
                    .hint("convert the checkpoint again")
                    .cause(e);
        }
    }
}
