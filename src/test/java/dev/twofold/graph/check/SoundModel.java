package dev.twofold.graph.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What convert writes, to be broken.
 *
 * @param directory of the output
 */
record SoundModel(Path directory, ModelProto proto) {

    static SoundModel convert(Path root) throws IOException {
        Path checkpoint = TinyLlama.create().write(root.resolve("checkpoint"));
        Path output = root.resolve("output");
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:4", "--quiet");
        return new SoundModel(output, ModelProto.parseFrom(Files.readAllBytes(output.resolve("model.onnx"))));
    }

    void requireFound(BrokenModel broken) {
        ModelProto.Builder model = proto.toBuilder();
        broken.change().accept(model);
        assertThat(GraphCheck.problems(model.build(), directory))
                .as(broken.how())
                .anyMatch(found -> found.contains(broken.problem()));
    }
}
