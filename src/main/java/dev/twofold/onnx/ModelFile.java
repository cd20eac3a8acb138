package dev.twofold.onnx;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.onnx.proto.ModelProto;
import dev.twofold.pass.GraphNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the {@code model.onnx} of an output directory, without its weights. */
final class ModelFile {

    private ModelFile() {}

    /** @throws TwofoldException of kind INPUT if there is none, or it is not an ONNX model */
    static ModelProto read(Path directory) {
        Path file = directory.resolve(GraphNames.MODEL);
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
