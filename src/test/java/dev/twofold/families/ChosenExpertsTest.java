package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the chosen experts run alone, by an operator that was tried there, and where all run. */
final class ChosenExpertsTest {

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "mixtral,'',4",
        "gpt_oss,'',4",
        "deepseek_v3,'',2",
        "llama4,'',2",
        "variants/llama4-listed,'',0",
        "qwen3_moe,--one-sync,4",
        "mixtral,--dialect onnx,0",
        "mixtral,--dtype fp16,4",
        "mixtral,--dtype bf16,0",
        "mixtral,--dtype int4,0",
        "mixtral,--devices 2 --rank 0,4",
        "gpt_oss,--devices 2 --rank 0 --dtype fp16,4",
        "gpt_oss,--devices 4 --rank 0,0",
        "mixtral,--devices 2 --collective annotate,0",
        "mixtral,--layout transformersjs --types fp32,0",
        "llama2,'',0"
    })
    void a_mixture_is_one_operator_where_that_was_tried(String family, String options, long mixtures) {
        assertThat(mixtures(TinyFamilies.checkpoint(family), options)).isEqualTo(mixtures);
    }

    /** Which the operator has under no name on every kind of processor. */
    @Test
    void experts_with_another_gate_all_run() throws IOException {
        EditedFamily family = EditedFamily.copy("mixtral", directory.resolve("checkpoint"));
        Files.writeString(
                family.directory().resolve("twofold-family.yaml"),
                "like: mixtral\nfeed-forward: {activation: {key: hidden_act, values: {silu: gelu}}}\n");
        assertThat(mixtures(family.directory(), "")).isZero();
    }

    /** Older ones compute another gate on CUDA, without a word. */
    @ParameterizedTest
    @CsvSource({"fp16,true", "bf16,false"})
    void says_which_runtimes_have_the_operator(String dtype, boolean said) {
        CommandRun run = CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint("olmoe"),
                "-o",
                directory.resolve("model"),
                "--no-load",
                "--window",
                "0:0",
                "--dtype",
                dtype);
        assertThat(run.err().contains("on CUDA that takes ONNX Runtime 1.27 or later"))
                .as(run.err())
                .isEqualTo(said);
    }

    /** How many operators run a mixture. */
    private long mixtures(Path checkpoint, String options) {
        Path output = directory.resolve("model");
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--no-load", "--quiet"));
        arguments.addAll(List.of("--window", "0:2"));
        arguments.addAll(Arrays.stream(options.split(" "))
                .filter(word -> !word.isEmpty())
                .toList());
        CommandRun.succeeding(arguments.toArray());
        String part = options.contains("--rank") ? "rank-0" : options.contains("--layout") ? "onnx" : "";
        return ModelFile.read(output.resolve(part)).getGraph().getNodeList().stream()
                .filter(node -> node.getOpType().equals("MoE"))
                .count();
    }
}
