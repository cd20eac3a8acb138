package dev.twofold.graph.check;

import static dev.twofold.graph.check.BrokenModel.graph;
import static dev.twofold.graph.check.BrokenModel.unknown;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every check of the numbers of tensors fires on a model that is broken in one way. */
final class TensorCheckTest {

    @TempDir
    private static Path directory;

    private static SoundModel sound;

    @BeforeAll
    static void convert() throws IOException {
        sound = SoundModel.convert(directory);
    }

    /** The last initializer, whose numbers are in the data file. */
    private static BrokenModel weight(String how, String problem, Consumer<TensorProto.Builder> change) {
        return graph(
                how, problem, graph -> change.accept(graph.getInitializerBuilder(graph.getInitializerCount() - 1)));
    }

    /** An initializer of two numbers in the model. */
    private static BrokenModel constant(String how, String problem, Consumer<TensorProto.Builder> change) {
        return graph(how, problem, graph -> {
            TensorProto.Builder tensor = graph.addInitializerBuilder();
            tensor.setName("two")
                    .setDataType(DataType.INT64_VALUE)
                    .addDims(2)
                    .addInt64Data(1)
                    .addInt64Data(2);
            change.accept(tensor);
        });
    }

    private static void external(TensorProto.Builder tensor, String key, String value) {
        tensor.getExternalDataBuilderList().stream()
                .filter(entry -> entry.getKey().equals(key))
                .forEach(entry -> entry.setValue(value));
    }

    static Stream<BrokenModel> cases() {
        return Stream.of(
                constant(
                        "two data fields",
                        "has its numbers in [INT64S, RAW]",
                        tensor -> tensor.setRawData(ByteString.copyFrom(new byte[16]))),
                constant("no data", "has its numbers in []", TensorProto.Builder::clearInt64Data),
                constant(
                        "another type's field",
                        "has its numbers in [FLOATS]",
                        tensor -> tensor.clearInt64Data().addFloatData(1).addFloatData(2)),
                constant("too many numbers", "has 3 numbers for 2 elements", tensor -> tensor.addInt64Data(3)),
                constant(
                        "too few raw bytes",
                        "has 8 bytes for 2 elements",
                        tensor -> tensor.clearInt64Data().setRawData(ByteString.copyFrom(new byte[8]))),
                constant("a negative dimension", "has a negative dimension", tensor -> tensor.setDims(0, -2)),
                constant("a type that there is not", "is of the type 99", tensor -> tensor.setDataType(99)),
                constant(
                        "a file that is not used",
                        "is inside the model and names a file",
                        tensor -> tensor.addExternalDataBuilder()
                                .setKey("location")
                                .setValue("x")),
                constant(
                        "an unknown field",
                        "initializer two has unknown fields",
                        tensor -> tensor.setUnknownFields(unknown())),
                weight("data in the model too", "in a file and in the model", tensor -> tensor.addFloatData(1)),
                weight(
                        "a length that is not the shape's",
                        "bytes in its file, not",
                        tensor -> external(tensor, "length", "4")),
                weight("an offset past the end", "of a file of", tensor -> external(tensor, "offset", "409600000")),
                weight("a negative offset", "of a file of", tensor -> external(tensor, "offset", "-4096")),
                weight(
                        "an offset that is not a page's",
                        "not the start of a page",
                        tensor -> external(tensor, "offset", "64")),
                weight("another's bytes", "overlaps", tensor -> external(tensor, "offset", "0")),
                weight("no numbers", "does not say in numbers", tensor -> external(tensor, "offset", "zero")),
                weight(
                        "a key twice",
                        "says twice what its length is",
                        tensor ->
                                tensor.addExternalDataBuilder().setKey("length").setValue("4")),
                weight(
                        "a file that is missing",
                        "is not in a file of its directory: 'gone'",
                        tensor -> external(tensor, "location", "gone")),
                weight(
                        "a file elsewhere",
                        "is not in a file of its directory",
                        tensor -> external(tensor, "location", "../checkpoint/model.safetensors")),
                weight("no file", "is not in a file of its directory: ''", tensor -> external(tensor, "location", "")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void finds(BrokenModel broken) {
        sound.requireFound(broken);
    }

    @Test
    void a_link_to_the_data_is_not_the_data() throws IOException {
        Path linked = Files.createDirectory(directory.resolve("linked"));
        Files.createSymbolicLink(
                linked.resolve("model.onnx.data"), sound.directory().resolve("model.onnx.data"));
        assertThat(GraphCheck.problems(sound.proto(), linked))
                .isNotEmpty()
                .allMatch(problem -> problem.contains("not in a file"));
    }
}
