package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.ort.ModelSession;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Logits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LongRoPE's factors for texts beyond the original context, against transformers. */
final class LongRangeTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "phi3-longrope, ort",
        "phi3-longrope, onnx",
        "phi4-mini, ort",
        "phi4-mini, onnx",
        "variants/minicpm3-longrope, ort",
        "variants/minicpm3-longrope, onnx"
    })
    void longer_texts_are_those_of_transformers_at_once_and_token_by_token(String name, String dialect) {
        CommandRun converted = CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint(name),
                "-o",
                directory,
                "--force",
                "--rope-range",
                "long",
                "--window",
                "0:0",
                "--dialect",
                dialect);
        assertThat(converted.err())
                .contains("texts of more than 64 tokens")
                .doesNotContain("the context is")
                .contains("--rope-range long");
        TinyFamilies.Golden golden = TinyFamilies.longGolden(name);
        long[] tokens = Arrays.stream(golden.tokens()[0]).asLongStream().toArray();
        try (ModelSession session = Logits.open(directory)) {
            assertThat(Logits.distance(golden.logits(), Logits.onePass(session, new long[][] {tokens})))
                    .isLessThan(1e-4);
            assertThat(Logits.distance(golden.logits(), Logits.tokenByToken(session, tokens)))
                    .isLessThan(1e-4);
        }
    }

    @Test
    void a_model_of_the_long_range_is_compared_with_the_checkpoint_read_for_it() throws IOException {
        Path checkpoint = TinyFamilies.checkpoint("phi3-longrope");
        Path model = directory.resolve("long");
        CommandRun.succeeding("convert", checkpoint, "-o", model, "--rope-range", "long", "--pairs", "1-2", "--quiet");
        Object[] validate = {"validate", model, "--against", checkpoint, "--tokens", 128, "--quiet"};
        CommandRun refused = CommandRun.of(validate);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("no options", "--rope-range long");
        CommandRun.succeeding(Stream.concat(Stream.of(validate), Stream.of("--rope-range", "long"))
                .toArray());
        Path again = directory.resolve("again");
        CommandRun.succeeding("convert", checkpoint, "-o", again, "--from-manifest", model, "--quiet");
        assertThat(Files.mismatch(model.resolve("twofold.json"), again.resolve("twofold.json")))
                .isEqualTo(-1);
    }

    @Test
    void the_short_range_says_what_the_long_one_is_for() {
        assertThat(CommandRun.succeeding(
                                "convert",
                                TinyFamilies.checkpoint("phi3-longrope"),
                                "-o",
                                directory.resolve("out"),
                                "--dry-run")
                        .err())
                .contains("the context is 64 positions, not the 256", "--rope-range long");
    }

    /** A checkpoint for PyTorch has the range that it was made of, so what is made of it cannot have both. */
    @Test
    void a_gguf_of_a_checkpoint_with_one_range_says_what_is_missing() {
        Path first = written("transformers");
        assertThat(toGguf(first).err())
                .contains("the context is 64 positions, not the 256", "where the original checkpoint is converted")
                .doesNotContain("long range if");
    }

    /** The config.json beside an ONNX model still has both. */
    @Test
    void a_gguf_with_both_ranges_is_not_said_to_lack_one() {
        for (Path model : List.of(TinyFamilies.checkpoint("phi3-longrope"), written("onnx"))) {
            assertThat(toGguf(model).err()).contains("long range if").doesNotContain("the context is 64");
        }
    }

    private Path written(String target) {
        Path output = directory.resolve(target);
        CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint("phi3-longrope"),
                "-o",
                output,
                "--target",
                target,
                "--window",
                "0:0",
                "--quiet");
        return output;
    }

    private CommandRun toGguf(Path model) {
        return CommandRun.succeeding(
                "convert", model, "-o", directory.resolve("file"), "--force", "--target", "gguf", "--window", "0:0");
    }

    @Test
    void a_model_without_two_ranges_has_no_long_one() {
        CommandRun run = CommandRun.of(
                "convert", TinyFamilies.checkpoint("llama2"), "-o", directory.resolve("out"), "--rope-range", "long");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("the model has no long range of positions");
    }

    /** The class of Phi 3 has 4,096 for it (transformers 5.24), which counts before what is said of the scaling. */
    @ParameterizedTest
    @CsvSource({"512, 512", "8192, 4096"})
    void phi_3_without_a_context_before_has_that_of_its_class(int context, int expected) {
        EditedFamily family = EditedFamily.copy("phi3-longrope", directory.resolve("phi3"));
        ObjectNode config = family.config();
        config.remove("original_max_position_embeddings");
        ((ObjectNode) config.get("rope_scaling")).put("original_max_position_embeddings", 64);
        config.put("max_position_embeddings", context);
        family.withConfig(config);
        assertThat(Sources.SHIPPED.open(family.directory()).decoder().facts().contextLength())
                .isEqualTo(expected);
    }
}
