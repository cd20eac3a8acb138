package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.graph.proto.GraphProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is in the directories of the ranks, and which of them are refused. Six layers, 4 heads, 2 KV heads. */
final class RankDirectoriesTest {

    private static final Set<String> COLLECTIVES = Set.of("AllReduce", "DistCollective");

    @TempDir
    private Path directory;

    private Path checkpoint = Path.of("");

    @BeforeEach
    void writeCheckpoint() throws IOException {
        checkpoint = TinyLlama.deep(6, 3).tokenizer().write(directory.resolve("checkpoint"));
    }

    private Path convert(String name, String... options) {
        Path output = directory.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet"));
        arguments.addAll(Arrays.asList(options));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }

    private static GraphProto graph(Path rank) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(rank.resolve("model.onnx")))
                .getGraph();
    }

    private static List<String> collectives(Path rank) throws IOException {
        return graph(rank).getNodeList().stream()
                .filter(node -> COLLECTIVES.contains(node.getOpType()))
                .map(NodeProto::getName)
                .toList();
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--window 0:0         | --devices 2                                       | 12",
                "--pairs 1-2,3-4      | --devices 2                                       | 8",
                "--pairs 1-2,3-4      | --devices 2 --placement layers                    | 8",
                "--pairs 1-2,3-4      | --devices 2 --collective tensorrt                 | 8",
                "--window 0:6         | --devices 2 --placement layers --one-sync         | 3",
                "--pairs 1-2,3-4      | --devices 2 --placement layers --one-sync         | 6",
                "--pairs 1-3          | --devices 4                                       | 8"
            })
    void graphs_have_one_all_reduce_a_step_in_one_order(String plan, String options, int expected) throws IOException {
        Path output = convert("output", (plan.strip() + " " + options.strip()).split(" "));
        List<String> first = collectives(output.resolve("rank-0"));
        assertThat(first).hasSize(expected);
        JsonNode manifest =
                new ObjectMapper().readTree(output.resolve("twofold.json").toFile());
        assertThat(manifest.at("/model/allReduces").asInt()).isEqualTo(expected);
        for (int rank = 1; rank < manifest.at("/sharding/devices").asInt(); rank++) {
            assertThat(collectives(output.resolve("rank-" + rank))).isEqualTo(first);
        }
    }

    @ParameterizedTest
    @CsvSource({"heads, per-layer", "heads, wide", "layers, per-layer", "layers, wide"})
    void every_rank_has_the_same_inputs_and_outputs(String placement, String layout) throws IOException {
        Path output = convert(
                "output", "--pairs", "1-2,3-4", "--devices", "2", "--placement", placement, "--kv-layout", layout);
        List<ValueInfoProto> inputs = graph(output.resolve("rank-0")).getInputList();
        List<ValueInfoProto> outputs = graph(output.resolve("rank-0")).getOutputList();
        assertThat(graph(output.resolve("rank-1")).getInputList()).isEqualTo(inputs);
        assertThat(graph(output.resolve("rank-1")).getOutputList()).isEqualTo(outputs);
    }

    @Test
    void every_rank_is_complete_and_linked_to_no_other() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        for (int rank = 0; rank < 2; rank++) {
            Path own = output.resolve("rank-" + rank);
            for (String name : List.of(
                    "model.onnx",
                    "model.onnx.data",
                    "genai_config.json",
                    "config.json",
                    "tokenizer.json",
                    "twofold.json")) {
                assertThat(own.resolve(name)).isRegularFile();
                assertThat(Files.isSymbolicLink(own.resolve(name))).isFalse();
                assertThat(Files.getAttribute(own.resolve(name), "unix:nlink")).isEqualTo(1);
            }
            assertThat(CommandRun.of("verify", own).exitCode()).isZero();
        }
    }

    /** Bytes of a graph's weights but for those that are on every device: gains, embedding, head, rotary tables. */
    private static long cutBytes(Path model) throws IOException {
        return graph(model).getInitializerList().stream()
                .filter(tensor -> tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL)
                .filter(tensor -> Stream.of("embedding", "head", "rotary", "final_norm", "norm.gain")
                        .noneMatch(tensor.getName()::contains))
                .mapToLong(tensor -> tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b) * 4)
                .sum();
    }

    @Test
    void the_weights_of_the_ranks_are_those_of_one_device() throws IOException {
        long whole = cutBytes(convert("one", "--pairs", "1-2,3-4"));
        for (String placement : List.of("heads", "layers")) {
            Path output = convert(placement, "--pairs", "1-2,3-4", "--devices", "2", "--placement", placement);
            assertThat(cutBytes(output.resolve("rank-0")) + cutBytes(output.resolve("rank-1")))
                    .isEqualTo(whole);
        }
        // Four devices share two KV heads: keys and values are there twice.
        Path four = convert("four", "--pairs", "1-2,3-4", "--devices", "4");
        long sum = 0;
        for (int rank = 0; rank < 4; rank++) {
            sum += cutBytes(four.resolve("rank-" + rank));
        }
        long keysAndValues = 6L * 2 * TinyLlama.KV_HEADS * TinyLlama.HEAD_SIZE * TinyLlama.HIDDEN * 4;
        assertThat(sum).isEqualTo(whole + keysAndValues);
    }

    /** Pairs move weights from layer to layer of a device, and add none. */
    @ParameterizedTest
    @CsvSource({"0:0, heads", "0:6, heads", "0:6, layers"})
    void what_a_device_has_is_compared_with_the_same_form_unpaired(String window, String placement) {
        JsonNode sharding = CommandRun.succeeding(
                        "convert",
                        checkpoint,
                        "-o",
                        directory.resolve("output"),
                        "--window",
                        window,
                        "--devices",
                        2,
                        "--placement",
                        placement,
                        "--dry-run",
                        "--format",
                        "json")
                .json()
                .get("sharding");
        assertThat(sharding.at("/ranks/1/weightBytes")).isEqualTo(sharding.at("/unpaired/ranks/1/weightBytes"));
        assertThat(sharding.at("/ranks/1/kvBytesPerToken")).isEqualTo(sharding.at("/unpaired/ranks/1/kvBytesPerToken"));
        assertThat(sharding.at("/unpaired/allReduces").asInt()).isEqualTo(12);
    }

    @Test
    void a_vocabulary_that_is_cut_is_on_no_device_twice() throws IOException {
        Path output = convert("output", "--window", "0:0", "--devices", "2", "--shard-vocabulary");
        for (String table : List.of("embedding.weight", "head.weight")) {
            assertThat(graph(output.resolve("rank-1")).getInitializerList())
                    .filteredOn(tensor -> tensor.getName().equals(table))
                    .allSatisfy(tensor -> assertThat(tensor.getDimsList()).contains(TinyLlama.VOCABULARY / 2L))
                    .hasSize(1);
        }
    }

    private void assertRefused(Path model, String... parts) {
        for (String command : List.of("generate", "validate", "bench")) {
            List<Object> arguments = new ArrayList<>(List.of(command, model));
            if (command.equals("generate")) {
                arguments.addAll(List.of("--prompt", "the"));
            } else if (command.equals("validate")) {
                arguments.addAll(List.of("--against", checkpoint));
            }
            CommandRun run = CommandRun.of(arguments.toArray());
            assertThat(run.exitCode()).as(command).isEqualTo(3);
            assertThat(run.err()).contains(parts).doesNotContain("\tat ");
        }
    }

    @Test
    void a_missing_rank_is_refused() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        Path elsewhere = directory.resolve("elsewhere");
        Files.move(output.resolve("rank-1"), elsewhere);
        assertRefused(output, "rank 1 of 2 is missing", "--rank 1");
        CommandRun verified = CommandRun.of("verify", output);
        assertThat(verified.exitCode()).isEqualTo(1);
        assertThat(verified.out()).contains("rank-1");
        Files.createSymbolicLink(output.resolve("rank-1"), elsewhere);
        assertRefused(output, "rank 1 of 2 is a link");
    }

    @Test
    void a_rank_of_another_conversion_is_refused() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        Path other = convert("other", "--pairs", "3-4", "--devices", "2");
        Files.move(output.resolve("rank-1"), directory.resolve("old"));
        Files.move(other.resolve("rank-1"), output.resolve("rank-1"));
        assertRefused(output, "rank 1 is from another conversion", "another plan");
        assertThat(CommandRun.of("verify", output).exitCode()).isEqualTo(1);
    }

    @Test
    void ranks_compiled_apart_belong_together_however_the_defaults_were_spelt() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2", "--rank", "1");
        Path other = convert("other", "--pairs", "1-2", "--devices", "2", "--rank", "0", "--placement", "heads");
        Files.move(other.resolve("rank-0"), output.resolve("rank-0"));
        assertThat(CommandRun.of("verify", output).exitCode()).isZero();
    }

    @Test
    void ranks_that_have_changed_places_are_refused() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        Path aside = directory.resolve("aside");
        Files.move(output.resolve("rank-0"), aside);
        Files.move(output.resolve("rank-1"), output.resolve("rank-0"));
        Files.move(aside, output.resolve("rank-1"));
        assertRefused(output, "rank 0 is from another conversion", "rank 1 of 2", "rank 0 of 2");
        CommandRun verified = CommandRun.of("verify", output);
        assertThat(verified.exitCode()).isEqualTo(1);
        assertThat(verified.out()).contains("rank-0", "is rank 1 of 2");
    }

    @Test
    void one_rank_alone_is_refused() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        assertRefused(output.resolve("rank-0"), "this is one rank of a model for 2 devices", "the directory above it");
    }

    @Test
    void replacing_deletes_neither_other_ranks_nor_what_others_have_put_there() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        CommandRun alone = CommandRun.of(
                "convert", checkpoint, "-o", output, "--pairs", "1-2", "--devices", "2", "--rank", "0", "--force");
        assertThat(alone.exitCode()).isEqualTo(3);
        assertThat(alone.err()).contains("the output holds other ranks", "[1]", "another directory");
        Files.writeString(output.resolve("rank-1/model.plan"), "an engine");
        CommandRun whole =
                CommandRun.of("convert", checkpoint, "-o", output, "--pairs", "1-2", "--devices", "2", "--force");
        assertThat(whole.exitCode()).isEqualTo(3);
        assertThat(whole.err()).contains("files that Twofold did not write", "rank-1/model.plan");
        assertThat(output.resolve("rank-1/model.plan")).exists();
    }

    @Test
    void a_rank_says_of_its_caches_what_its_graph_has() throws IOException {
        Path output = convert("output", "--window", "0:0", "--devices", "2");
        JsonNode config =
                new ObjectMapper().readTree(output.resolve("rank-1/config.json").toFile());
        assertThat(config.path("num_key_value_heads").asInt()).isEqualTo(TinyLlama.KV_HEADS / 2);
        assertThat(config.path("num_hidden_layers").asInt()).isEqualTo(6);
    }

    @Test
    void a_changed_rank_is_refused() throws IOException {
        Path output = convert("output", "--pairs", "1-2", "--devices", "2");
        Path data = output.resolve("rank-1/model.onnx.data");
        byte[] bytes = Files.readAllBytes(data);
        bytes[5000] ^= 1;
        Files.write(data, bytes);
        assertRefused(output, "rank 1 is not as it was written", "model.onnx.data", "sha256");
        Files.copy(output.resolve("rank-0/model.onnx.data"), data, StandardCopyOption.REPLACE_EXISTING);
        assertThat(CommandRun.of("verify", output).exitCode()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--devices 3                                   | use one of these numbers of devices: 2, 4",
                "--placement layers                            | --devices 2",
                "--rank 0                                      | --devices 2",
                "--collective tensorrt                         | --devices 2",
                "--devices 2 --rank 2                          | 0 to 1",
                "--devices 2 --one-sync                        | cannot be cut",
                "--devices 2 --collective tensorrt --dialect ort | --dialect onnx",
                "--devices 2 --dtype bf16                      | does not sum bf16"
            })
    void options_that_do_not_fit_are_refused(String options, String expected) {
        List<Object> arguments =
                new ArrayList<>(List.of("convert", checkpoint, "-o", directory.resolve("output"), "--pairs", "1-2"));
        arguments.addAll(Arrays.asList(options.strip().split(" ")));
        CommandRun run = CommandRun.of(arguments.toArray());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(expected.strip()).doesNotContain("\tat ");
        assertThat(directory.resolve("output")).doesNotExist();
    }
}
