package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.cut.SegmentedModel;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.ValueInfoProto;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.SessionSetup;
import dev.twofold.testing.Logits;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models for TensorRT on many devices. TensorRT itself is not here: what it needs of them is. */
final class TensorRtModelTest {

    private static final String CUT = "--pairs 1-2 --devices 2 --collective tensorrt";
    private static final long[] TOKENS =
            new Random(8).longs(16, 0, TinyLlama.VOCABULARY).toArray();

    @TempDir
    private Path directory;

    private Path checkpoint = Path.of("");

    @BeforeEach
    void write() throws IOException {
        checkpoint = TinyLlama.deep(4, 12).write(directory.resolve("tiny llama"));
    }

    @Test
    void caches_are_joined_outside_of_attention_and_compute_the_same() throws IOException {
        Path one = convert("one", "--pairs 1-2 --dialect onnx");
        Path ranks = convert("ranks", CUT + " --shard-vocabulary");
        try (ModelSession single = Logits.open(one);
                ModelSession many = Logits.open(ranks)) {
            assertThat(Logits.distance(Logits.tokenByToken(many, TOKENS), Logits.tokenByToken(single, TOKENS)))
                    .isLessThan(1e-4);
        }
        assertThat(model(ranks.resolve("rank-0/model.onnx")).getGraph().getNodeList())
                .filteredOn(node -> node.getOpType().equals("Attention"))
                .isNotEmpty()
                .allMatch(node -> node.getInputCount() == 4 && node.getOutputCount() == 1);
    }

    @Test
    void without_caches_the_ranks_compute_the_same() throws IOException {
        Path one = convert("one", "--pairs 1-2 --dialect onnx");
        Path ranks = convert("ranks", CUT);
        List<ModelSession.Device> devices = new ArrayList<>();
        for (int rank = 0; rank < 2; rank++) {
            Path alone = ranks.resolve("rank-" + rank);
            Files.move(
                    alone.resolve("stateless.onnx"), alone.resolve("model.onnx"), StandardCopyOption.REPLACE_EXISTING);
            devices.add(new ModelSession.Device(alone, SegmentedModel.read(alone, false)));
        }
        try (ModelSession session = ModelSession.open(devices, SessionSetup.CPU)) {
            long[][] batch = {TOKENS, TOKENS};
            assertThat(Logits.distance(Logits.onePass(session, batch), Logits.of(one, batch)))
                    .isLessThan(1e-4);
        }
    }

    @Test
    void triton_is_told_of_the_inputs_and_outputs_of_the_graph_without_caches() throws IOException {
        Path output = convert("ranks", CUT + " --dtype fp16");
        String configuration = Files.readString(output.resolve("triton/tiny_llama/config.pbtxt"));
        ModelProto graph = model(output.resolve("rank-1/stateless.onnx"));
        assertThat(graph.getGraph().getInputList())
                .extracting(ValueInfoProto::getName)
                .containsExactly("input_ids", "attention_mask");
        assertThat(graph.getGraph().getOutputList())
                .extracting(ValueInfoProto::getName)
                .containsExactly("logits");
        assertThat(configuration)
                .contains("name: \"tiny_llama\"")
                .contains("{ name: \"input_ids\" data_type: TYPE_INT64 dims: [ -1, -1 ] }")
                .contains("{ name: \"attention_mask\" data_type: TYPE_INT64 dims: [ -1, -1 ] }")
                .contains("{ name: \"logits\" data_type: TYPE_FP16 dims: [ -1, -1, 128 ] }")
                .contains("kind: KIND_MODEL count: 1")
                .contains("key: \"multi_device_gpus\" value: { string_value: \"0,1\" }")
                .contains("key: \"multi_device_per_rank_engines\" value: { string_value: \"true\" }");
    }

    @Test
    void the_script_builds_an_engine_a_rank_into_a_repository() throws Exception {
        Path output = convert("ranks", CUT);
        Path tools = Files.createDirectory(directory.resolve("tools"));
        Path calls = directory.resolve("calls");
        Path trtexec = tools.resolve("trtexec");
        // Takes the place of the real one: writes what it was asked, and the file.
        Files.writeString(trtexec, """
                #!/bin/sh
                echo "$@" >> '%s'
                for argument; do case $argument in --saveEngine=*) : > "${argument#--saveEngine=}" ;; esac; done
                """.formatted(calls));
        assertThat(trtexec.toFile().setExecutable(true)).isTrue();
        Path repository = directory.resolve("repo sitory");
        assertThat(script(output, tools + ":/usr/bin:/bin", repository.toString(), "4", "64"))
                .isEqualTo("exit 0");
        Path version = repository.resolve("tiny_llama/1");
        assertThat(version.resolve("model.plan.rank0")).isRegularFile();
        assertThat(version.resolve("model.plan.rank1")).isRegularFile();
        assertThat(Files.readSymbolicLink(version.resolve("model.plan"))).isEqualTo(Path.of("model.plan.rank0"));
        assertThat(repository.resolve("tiny_llama/config.pbtxt"))
                .hasSameTextualContentAs(output.resolve("triton/tiny_llama/config.pbtxt"));
        assertThat(Files.readAllLines(calls))
                .hasSize(2)
                .allSatisfy(call -> assertThat(call)
                        .contains("--skipInference")
                        .contains("--minShapes=input_ids:1x1,attention_mask:1x1")
                        .contains("--optShapes=input_ids:4x32,attention_mask:4x32")
                        .contains("--maxShapes=input_ids:4x64,attention_mask:4x64"));
        assertThat(CommandRun.of("verify", output).exitCode()).isZero();
    }

    @Test
    void the_script_says_what_it_misses() throws Exception {
        Path output = convert("ranks", CUT + " --rank 0");
        assertThat(script(output, "/nowhere", "x"))
                .contains("trtexec is not on the PATH")
                .endsWith("exit 4");
        assertThat(script(output, "/usr/bin:/bin")).contains("usage").endsWith("exit 2");
        assertThat(script(output, "/usr/bin:/bin", "x", "many"))
                .contains("'many'")
                .endsWith("exit 2");
        assertThat(script(output, "/usr/bin:/bin", "x", "1", "99999999999999999999"))
                .contains("at most 9 digits")
                .endsWith("exit 2");
        assertThat(script(output, "/usr/bin:/bin", "x", "1", "100000"))
                .contains("more than the model's context")
                .endsWith("exit 2");
        Path tools = Files.createDirectory(directory.resolve("tools"));
        Files.writeString(tools.resolve("trtexec"), "#!/bin/sh\n");
        assertThat(tools.resolve("trtexec").toFile().setExecutable(true)).isTrue();
        assertThat(script(output, tools + ":/usr/bin:/bin", "x"))
                .contains("rank 1 is missing")
                .endsWith("exit 3");
    }

    @Test
    void files_beside_the_ranks_are_verified_and_the_same_whichever_rank_is_compiled() throws IOException {
        Path whole = convert("ranks", CUT);
        Path alone = convert("alone", CUT + " --rank 1");
        for (String name : List.of("twofold.json", "triton/tiny_llama/config.pbtxt", "triton/build-engines.sh")) {
            assertThat(alone.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
        }
        Path configuration = whole.resolve("triton/tiny_llama/config.pbtxt");
        Files.writeString(configuration, Files.readString(configuration).replace("0,1", "1,0"));
        CommandRun verified = CommandRun.of("verify", whole);
        assertThat(verified.exitCode()).isEqualTo(1);
        assertThat(verified.out() + verified.err()).contains("triton/tiny_llama/config.pbtxt: has sha256");
    }

    private static ModelProto model(Path file) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(file));
    }

    /** What the script printed, and how it ended. */
    private String script(Path output, String path, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("/bin/sh", output.resolve("triton/build-engines.sh").toString()));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("PATH", path);
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return printed + "exit " + process.waitFor();
    }

    private Path convert(String name, String options) {
        Path output = directory.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet", "--force"));
        arguments.addAll(Arrays.asList(options.split(" ")));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }
}
