package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.testing.Novels;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** novels-13m in 4 and 8 bits: what is in the files, and that every command knows it. */
final class RoundedModelTest {

    @TempDir
    private Path directory;

    private CommandRun run(String command, Path output, String options) {
        List<Object> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(
                command.equals("convert")
                        ? List.of(Novels.CHECKPOINT, "-o", output, "--quiet")
                        : List.of(output, "--against", Novels.CHECKPOINT));
        Arrays.stream(options.split(" ")).filter(option -> !option.isEmpty()).forEach(arguments::add);
        return CommandRun.of(arguments.toArray());
    }

    private Path convert(String options) {
        Path output = directory.resolve("out");
        CommandRun run = run("convert", output, options);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return output;
    }

    private static Map<String, Long> integers(NodeProto node) {
        Map<String, Long> values = new TreeMap<>();
        node.getAttributeList().stream()
                .filter(attribute -> attribute.getType() == AttributeProto.AttributeType.INT)
                .forEach(attribute -> values.put(attribute.getName(), attribute.getI()));
        return values;
    }

    private static NodeProto node(ModelProto model, String name) {
        return model.getGraph().getNodeList().stream()
                .filter(node -> node.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static TensorProto tensor(ModelProto model, String name) {
        return model.getGraph().getInitializerList().stream()
                .filter(tensor -> tensor.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void the_layout_is_that_of_the_genai_builder() {
        ModelProto model = ModelFile.read(convert("--window 0:0 --dtype int4 --asymmetric"));
        NodeProto product = node(model, "layers.3/attention/qkv");
        assertThat(product.getOpType()).isEqualTo("MatMulNBits");
        assertThat(product.getDomain()).isEqualTo("com.microsoft");
        assertThat(integers(product))
                .isEqualTo(Map.of("K", 256L, "N", 512L, "bits", 4L, "block_size", 32L, "accuracy_level", 4L));
        TensorProto codes = tensor(model, product.getInput(1));
        assertThat(codes.getDimsList()).containsExactly(512L, 8L, 16L);
        assertThat(codes.getDataType()).isEqualTo(DataType.UINT8_VALUE);
        assertThat(tensor(model, product.getInput(2)).getDimsList()).containsExactly(512L, 8L);
        assertThat(tensor(model, product.getInput(3)).getDimsList()).containsExactly(512L, 4L);
    }

    @Test
    void a_tied_embedding_is_there_once_and_in_blocks() {
        ModelProto model = ModelFile.read(convert("--window 0:0 --dtype int4"));
        NodeProto rows = node(model, "embedding");
        assertThat(rows.getOpType()).isEqualTo("GatherBlockQuantized");
        assertThat(integers(rows))
                .isEqualTo(Map.of("bits", 4L, "block_size", 32L, "gather_axis", 0L, "quantize_axis", 1L));
        NodeProto table = node(model, "embedding/table");
        assertThat(table.getInput(0)).isEqualTo(node(model, "head").getInput(1));
        assertThat(rows.getInput(2)).isEqualTo(node(model, "head").getInput(2));
        assertThat(model.getGraph().getInitializerList())
                .filteredOn(tensor -> tensor.getDimsList().contains(4096L))
                .hasSize(2);
    }

    @Test
    void a_table_that_is_not_tied_has_blocks_of_its_own() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path output = directory.resolve("untied");
        CommandRun.succeeding(
                "convert", checkpoint, "-o", output, "--quiet", "--window", "0:0", "--dtype", "int8", "--block", 16);
        ModelProto model = ModelFile.read(output);
        assertThat(node(model, "embedding").getOpType()).isEqualTo("GatherBlockQuantized");
        assertThat(node(model, "head").getOpType()).isEqualTo("MatMulNBits");
        assertThat(node(model, "embedding/table").getInput(0))
                .isNotEqualTo(node(model, "head").getInput(1));
    }

    @Test
    void the_standard_dialect_has_standard_operators_only() {
        ModelProto model = ModelFile.read(convert("--window 2:14 --dtype int4 --dialect onnx"));
        assertThat(model.getOpsetImportList()).hasSize(1);
        assertThat(model.getOpsetImport(0).getVersion()).isGreaterThanOrEqualTo(21);
        NodeProto numbers = node(model, "layers.4_5/feed_forward/down/numbers");
        assertThat(numbers.getOpType()).isEqualTo("DequantizeLinear");
        assertThat(integers(numbers)).isEqualTo(Map.of("axis", 0L, "block_size", 32L));
        TensorProto codes = tensor(model, numbers.getInput(0));
        assertThat(codes.getDataType()).isEqualTo(DataType.INT4_VALUE);
        assertThat(codes.getDimsList()).containsExactly(1408L, 256L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--window 2:14 --dtype int4",
                "--window 2:14 --dtype int4 --around fp16",
                "--window 2:14 --dtype int4 --mix mixed --dialect onnx",
                "--window 2:14 --dtype int4 --devices 2",
                "--window 2:14 --dtype int4 --devices 2 --placement layers --shard-vocabulary --asymmetric",
                "--window 2:14 --dtype int8 --devices 2 --collective annotate --shard-vocabulary --asymmetric",
                "--window 2:14 --dtype int4 --devices 2 --collective annotate --dialect onnx --shard-vocabulary",
                "--window 2:14 --dtype int4 --devices 2 --collective tensorrt --shard-vocabulary"
            })
    void every_form_computes_with_the_same_rounded_weights(String options) {
        Path output = convert(options);
        CommandRun validation = run("validate", output, "--tokens 512 --format json");
        JsonNode report = validation.json();
        assertThat(validation.exitCode()).as(report.toString()).isZero();
        boolean half = options.contains("fp16");
        assertThat(report.at("/parity/maxRelative").doubleValue()).isLessThan(half ? 5e-3 : 1e-5);
        assertThat(report.at("/parity/shippedMaxRelative").doubleValue()).isLessThan(3e-2);
        assertThat(report.get("blocks").textValue()).startsWith("int");
        assertThat(CommandRun.of("verify", output).exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --devices 2 --block 128                                   | layers.0/feed_forward/down: blocks do not end
            --devices 2 --block 128 --collective annotate             | layers.0/feed_forward/down.codes: blocks do not end
            --devices 2 --asymmetric --collective annotate            | layers.0/feed_forward/down.zeros: blocks do not end
            --around bf16                                             | not multiplied in bf16 everywhere
            """)
    void refuses_by_name_what_cannot_be_cut_or_multiplied(String options, String reason) {
        CommandRun refused = run("convert", directory.resolve("out"), "--window 0:0 --dtype int4 " + options);
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).contains(reason);
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--block 64", "--asymmetric", "--mix mixed --dtype fp16", "--around fp16 --dtype fp32"})
    void options_of_blocks_go_with_blocks(String options) {
        CommandRun refused = run("convert", directory.resolve("out"), "--window 0:0 " + options);
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).contains("--dtype int4");
    }

    @Test
    void a_mix_can_be_a_file_of_the_users() throws IOException {
        Path mix = directory.resolve("mix.yaml");
        Files.writeString(mix, "like: mixed\nplaces:\n  - {matrices: [down], bits: 8, block: 64}\n");
        ModelProto model = ModelFile.read(convert("--window 0:0 --dtype int4 --mix " + mix));
        assertThat(integers(node(model, "layers.3/feed_forward/down"))).containsEntry("bits", 8L);
        assertThat(integers(node(model, "head"))).containsEntry("bits", 4L);
        Files.writeString(mix, "summary: s\nplaces:\n  - {matrices: [down], bit: 8}\n");
        CommandRun refused = run("convert", directory.resolve("other"), "--window 0:0 --dtype int4 --mix " + mix);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("line 3").contains("places.0.bit");
    }

    @Test
    void a_manifest_makes_it_again() throws IOException {
        Path first = convert("--window 2:14 --dtype int4 --mix mixed --asymmetric --accuracy-level 0");
        Path second = directory.resolve("second");
        CommandRun.succeeding("convert", Novels.CHECKPOINT, "-o", second, "--from-manifest", first, "--quiet");
        for (String name : List.of(GraphNames.MODEL, GraphNames.DATA, "twofold.json")) {
            assertThat(second.resolve(name)).hasSameBinaryContentAs(first.resolve(name));
        }
    }

    @Test
    void both_dialects_write_the_same_text_with_the_same_rounded_weights() {
        List<Path> models = new ArrayList<>();
        for (String dialect : List.of("ort --accuracy-level 0", "onnx")) {
            Path output = directory.resolve("model" + models.size());
            models.add(output);
            CommandRun converted =
                    run("convert", output, "--window 2:14 --dtype int4 --asymmetric --dialect " + dialect);
            assertThat(converted.exitCode()).as(converted.err()).isZero();
            CommandRun.succeeding("verify", output);
        }
        List<String> texts = models.stream()
                .map(model -> CommandRun.succeeding(
                                "generate", model, "--prompt", "It was a", "--max-tokens", 24, "--quiet")
                        .out())
                .toList();
        assertThat(texts.get(0)).hasSizeGreaterThan("It was a".length() + 24).isEqualTo(texts.get(1));
        JsonNode timed = CommandRun.succeeding(
                        "bench",
                        models.get(0),
                        models.get(1),
                        "--prompt-tokens",
                        8,
                        "--new-tokens",
                        4,
                        "--rounds",
                        1,
                        "--format",
                        "json")
                .json();
        assertThat(timed.at("/runs/1/decodeTokensPerSecond").asDouble()).isPositive();
    }

    @Test
    void an_estimate_counts_the_bytes_that_are_written() {
        Path output = convert("--window 0:0 --dtype int4");
        JsonNode rounded = CommandRun.succeeding(
                        "estimate",
                        output,
                        "--against",
                        Novels.CHECKPOINT,
                        "--hardware",
                        "h100-sxm",
                        "--format",
                        "json")
                .json();
        long stored = rounded.at("/converted/weightBytes").longValue();
        long written = ModelFile.read(output).getGraph().getInitializerList().stream()
                .flatMap(tensor -> tensor.getExternalDataList().stream())
                .filter(entry -> entry.getKey().equals("length"))
                .mapToLong(entry -> Long.parseLong(entry.getValue()))
                .sum();
        assertThat(stored).isEqualTo(written);
    }
}
