package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.families.TinyFamilies;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX models as sources: what is one, and what is known of it beside its graph. */
final class OnnxFormatTest {

    @TempDir
    private Path directory;

    private Path converted(String family, Object... options) {
        Path output = directory.resolve(family);
        Object[] arguments = new Object[options.length + 6];
        System.arraycopy(
                new Object[] {"convert", TinyFamilies.checkpoint(family), "-o", output, "--no-load", "--quiet"},
                0,
                arguments,
                0,
                6);
        System.arraycopy(options, 0, arguments, 6, options.length);
        CommandRun.succeeding(arguments);
        return output;
    }

    @Test
    void a_directory_or_a_file_is_one() {
        Path output = converted("qwen3", "--window", "0:0");
        Source whole = Sources.SHIPPED.open(output);
        Source file = Sources.SHIPPED.open(output.resolve("model.onnx"));
        assertThat(whole.name()).isEqualTo("qwen3").isEqualTo(file.name());
        assertThat(file.decoder()).isEqualTo(whole.decoder());
        assertThat(whole.files())
                .extracting(path -> path.getFileName().toString())
                .contains("model.onnx", "model.onnx.data", "config.json", "genai_config.json");
        assertThat(whole.decides("model.onnx.data")).isTrue();
        assertThat(whole.decides("chat_template.jinja")).isFalse();
    }

    @Test
    void a_checkpoint_with_a_graph_beside_its_safetensors_stays_a_checkpoint() throws IOException {
        Path output = converted("qwen3", "--window", "0:0");
        Files.copy(TinyFamilies.checkpoint("qwen3").resolve("model.safetensors"), output.resolve("model.safetensors"));
        assertThat(new OnnxFormat().recognises(output)).isFalse();
    }

    @Test
    void what_the_checkpoint_said_of_itself_is_known_again() {
        ModelFacts original = Sources.SHIPPED
                .open(TinyFamilies.checkpoint("gemma3"))
                .decoder()
                .facts();
        ModelFacts read = Sources.SHIPPED
                .open(converted("gemma3", "--window", "0:2"))
                .decoder()
                .facts();
        assertThat(read).usingRecursiveComparison().ignoringFields("source").isEqualTo(original);
    }

    @Test
    void without_config_json_genai_config_json_says_it() throws IOException {
        Path output = converted("llama3.1", "--window", "0:0");
        Decoder described = Sources.SHIPPED.open(output).decoder();
        Files.delete(output.resolve("config.json"));
        Files.deleteIfExists(output.resolve("generation_config.json"));
        Decoder read = Sources.SHIPPED.open(output).decoder();
        assertThat(read.facts().runtimeType()).isEqualTo("llama");
        assertThat(read.facts().endTokens()).isEqualTo(described.facts().endTokens());
        assertThat(read.facts().contextLength()).isEqualTo(described.facts().contextLength());
        assertThat(read.facts().layers()).isEqualTo(described.facts().layers());
    }

    @Test
    void steps_of_pairs_merges_and_chains_are_those_that_were_written() {
        Decoder pairs =
                Sources.SHIPPED.open(converted("qwen3", "--window", "0:4")).decoder();
        assertThat(pairs.effectiveDepth()).isEqualTo(2);
        assertThat(pairs.attentionLayers()).extracting("layer").isEqualTo(List.of(0, 1, 2, 3));
        Decoder chains = Sources.SHIPPED
                .open(converted("gemma2", "--pairs", "1-2", "--one-sync"))
                .decoder();
        assertThat(chains.steps()).hasSize(5);
        assertThat(chains.steps().get(2).branches())
                .allMatch(branch -> !branch.body().steps().isEmpty());
        Decoder merges = Sources.SHIPPED
                .open(converted("olmo2", "--merge", "0A-0F,1F-2A"))
                .decoder();
        assertThat(merges.steps()).hasSize(6);
    }
}
