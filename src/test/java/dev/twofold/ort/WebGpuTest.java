package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.testing.SwiftShader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime's WebGPU plugin, without a GPU. */
final class WebGpuTest {

    /** What each has that others do not: heads that share keys, biases, norms of heads, windows, tied heads. */
    private static final List<String> FAMILIES =
            List.of("llama2", "gpt2", "gpt_neox", "qwen2", "qwen3", "gemma3", "phi3", "cohere", "olmo2", "starcoder2");

    /** Masks and shapes are counted on the CPU wherever a model runs. */
    private static final Set<String> SMALL = Set.of(
            "Cast",
            "Concat",
            "CumSum",
            "Gather",
            "Max",
            "Mul",
            "ReduceSum",
            "Shape",
            "Slice",
            "Squeeze",
            "Sub",
            "Unsqueeze");

    @TempDir
    private Path directory;

    @Test
    void models_compute_the_same_and_only_masks_and_shapes_stay_on_the_cpu() throws Exception {
        SwiftShader machine = new SwiftShader(directory);
        Path plugin = machine.require();
        List<Object> arguments = new ArrayList<>(List.of("webgpu=" + plugin));
        for (String family : FAMILIES) {
            arguments.add(converted(family, "0:0"));
        }
        arguments.add(converted("llama3.2", "0:2"));
        SwiftShader.Ran ran = machine.java(BesideCpu.class, arguments.toArray());
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        List<String> lines =
                ran.output().lines().filter(line -> line.startsWith("BESIDE ")).toList();
        assertThat(lines).hasSize(FAMILIES.size() + 1);
        for (String line : lines) {
            String[] words = line.split(" ", 4);
            assertThat(Double.parseDouble(words[2])).as(line).isLessThan(1e-5);
            String elsewhere = words[3].substring(1, words[3].length() - 1);
            assertThat(SMALL).as(line).containsAll(List.of(elsewhere.split(", ")));
        }
    }

    private Path converted(String family, String window) {
        Path output = directory.resolve(family);
        CommandRun.succeeding(
                "convert", TinyFamilies.checkpoint(family), "-o", output, "--window", window, "--no-load", "--quiet");
        return output;
    }
}
