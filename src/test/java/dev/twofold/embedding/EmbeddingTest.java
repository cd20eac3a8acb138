package dev.twofold.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.layers.LayerWindow;
import dev.twofold.passes.shard.Shard;
import dev.twofold.pipeline.CompiledOutput;
import dev.twofold.pipeline.Compiler;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.report.Verification;
import dev.twofold.source.Source;
import dev.twofold.source.huggingface.HuggingFaceFormat;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Twofold inside another program, which brings a source and a target of its own. */
final class EmbeddingTest {

    @TempDir
    private Path directory;

    @Test
    void ten_lines_compile_a_model() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path output = directory.resolve("output");
        // <architecture>
        Source source = Sources.SHIPPED.open(checkpoint);
        Recipe recipe = Recipe.pairing(LayerWindow.valueOf("0:4"));
        Target target = new OnnxTarget(OnnxOptions.DEFAULT, TrialRuntime.NONE);
        CompiledOutput compiled = new Compiler(source, recipe, target).compile(output, false);
        int depth = compiled.compilation().decoder().effectiveDepth();
        // </architecture>
        assertThat(depth).isEqualTo(2);
        assertThat(Verification.of(output).problems()).isEmpty();
    }

    @Test
    void architecture_md_shows_these_lines() throws IOException {
        String test = Files.readString(Path.of("src/test/java/dev/twofold/embedding/EmbeddingTest.java"));
        String lines = test.substring(test.indexOf("// <architecture>"), test.indexOf("// </architecture>"))
                .lines()
                .skip(1)
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("\n"));
        assertThat(Files.readString(Path.of("ARCHITECTURE.md"))).contains(lines);
    }

    @Test
    void a_source_and_a_target_are_a_room_each() throws IOException {
        Path checkpoint = TinyLlama.create().write(directory.resolve("checkpoint"));
        Path archive = zipped(checkpoint, directory.resolve("model.zip"));
        Sources sources = new Sources(List.of(new ZippedFormat(directory.resolve("room")), new HuggingFaceFormat()));
        Path output = directory.resolve("output");
        new Compiler(sources.open(archive), Recipe.pairing(new LayerWindow(0, 2)), new TextTarget())
                .compile(output, false);
        assertThat(output.resolve("model.txt")).content().contains("effective depth 3", "layers [0, 1]");
        assertThat(output.resolve("weights.bin")).isNotEmptyFile();
        Verification verification = Verification.of(output);
        assertThat(verification.problems()).isEmpty();
        assertThat(verification.manifest().emission().target()).isEqualTo("text");
        assertThat(verification.manifest().emission().option("language")).isEqualTo("English");
        assertThat(verification.manifest().source().name()).isEqualTo("model");
    }

    @Test
    void a_target_refuses_what_it_cannot_hold_before_any_work() throws IOException {
        Source source = Sources.SHIPPED.open(TinyLlama.create().write(directory.resolve("checkpoint")));
        Recipe sharded = Recipe.pairing(new LayerWindow(0, 2))
                .append(PassRequest.own(Shard.SPEC, new Shard.Options(2, null, null)));
        Path output = directory.resolve("output");
        assertThatThrownBy(() -> new Compiler(source, sharded, new TextTarget()).compile(output, false))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("the target text cannot hold the model: text has no devices");
        assertThat(output).doesNotExist();
    }

    private static Path zipped(Path checkpoint, Path archive) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive));
                Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                zip.putNextEntry(new ZipEntry(file.getFileName().toString()));
                Files.copy(file, zip);
            }
        }
        return archive;
    }
}
