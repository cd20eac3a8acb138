package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model for Triton's TensorRT backend with an engine for each device, in its multi-device mode, and the script that
 * builds the engines. It is made of the graphs without caches.
 *
 * @param name of the model and its directory
 * @param context most tokens
 */
record TritonModel(String name, int devices, int vocabulary, int context, Precision precision) {

    private static final String DIRECTORY = "triton";
    private static final String CONFIGURATION = "config.pbtxt";
    private static final String SCRIPT = "build-engines.sh";

    /** @param decoder sharded */
    static TritonModel of(String name, Decoder decoder) {
        return new TritonModel(
                name.replaceAll("[^A-Za-z0-9._-]", "_"),
                decoder.sharding().orElseThrow().devices(),
                decoder.facts().vocabularySize(),
                decoder.facts().contextLength(),
                decoder.precision());
    }

    /** Writes {@code triton/NAME/config.pbtxt} and {@code triton/build-engines.sh}. */
    void write(Path directory) {
        Path root = directory.resolve(DIRECTORY);
        try {
            Files.createDirectories(root.resolve(name));
            Files.writeString(root.resolve(name).resolve(CONFIGURATION), configuration());
            Files.writeString(root.resolve(SCRIPT), script());
        } catch (IOException e) {
            throw TwofoldException.environment("cannot write the file")
                    .at(Origin.file(root))
                    .found(e)
                    .cause(e);
        }
    }

    private String configuration() {
        String type = switch (precision) {
            case FP32 -> "TYPE_FP32";
            case FP16 -> "TYPE_FP16";
            case BF16 -> "TYPE_BF16";
        };
        String gpus = IntStream.range(0, devices).mapToObj(String::valueOf).collect(Collectors.joining(","));
        return """
                name: "%s"
                backend: "tensorrt"
                max_batch_size: 0
                input [
                  { name: "%s" data_type: TYPE_INT64 dims: [ -1, -1 ] },
                  { name: "%s" data_type: TYPE_INT64 dims: [ -1, -1 ] }
                ]
                output [
                  { name: "%s" data_type: %s dims: [ -1, -1, %d ] }
                ]
                instance_group [ { kind: KIND_MODEL count: 1 } ]
                parameters [
                  { key: "enable_multi_device" value: { string_value: "true" } },
                  { key: "multi_device_gpus" value: { string_value: "%s" } },
                  { key: "multi_device_per_rank_engines" value: { string_value: "true" } }
                ]
                """.formatted(name, GraphNames.IDS, GraphNames.MASK, GraphNames.LOGITS, type, vocabulary, gpus);
    }

    private String script() throws IOException {
        try (InputStream in = Objects.requireNonNull(TritonModel.class.getResourceAsStream(SCRIPT))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("@MODEL@", name)
                    .replace("@DEVICES@", String.valueOf(devices))
                    .replace("@CONTEXT@", String.valueOf(context));
        }
    }
}
