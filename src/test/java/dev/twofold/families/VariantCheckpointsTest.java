package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies.Golden;
import dev.twofold.testing.Logits;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of families that their tiny checkpoints leave out, against transformers. */
final class VariantCheckpointsTest {

    @TempDir
    private Path directory;

    static Stream<Arguments> everyVariantAndDialect() {
        return TinyFamilies.VARIANTS.stream()
                .flatMap(name -> Stream.of("ort", "onnx").map(dialect -> Arguments.of(name, dialect)));
    }

    @ParameterizedTest
    @MethodSource("everyVariantAndDialect")
    void computes_what_transformers_does(String name, String dialect) {
        Path checkpoint = TinyFamilies.checkpoint(name);
        CommandRun.succeeding(
                "convert", checkpoint, "-o", directory, "--force", "--quiet", "--window", "0:0", "--dialect", dialect);
        Golden golden = TinyFamilies.golden(name);
        long[][] tokens = Arrays.stream(golden.tokens())
                .map(row -> Arrays.stream(row).asLongStream().toArray())
                .toArray(long[][]::new);
        assertThat(Logits.distance(Logits.of(directory, tokens), golden.logits()))
                .isLessThan(1e-4);
    }

    /** Otherwise the goldens would say nothing of groups. */
    @ParameterizedTest
    @ValueSource(strings = {"variants/glm4_moe-groups", "variants/dots1-groups"})
    void without_its_groups_it_is_another_model(String name) {
        int[] tokens = TinyFamilies.golden(name).tokens()[0];
        EditedFamily family = EditedFamily.copy(name, directory.resolve("checkpoint"));
        family.with("n_group", IntNode.valueOf(1));
        assertThat(largestGap(Reference.of(TinyFamilies.checkpoint(name)), Reference.of(family.directory()), tokens))
                .isGreaterThan(0.1);
    }

    private static double largestGap(Reference one, Reference other, int[] tokens) {
        double[][] logits = one.logits(tokens, one.oneByOne());
        double[][] others = other.logits(tokens, other.oneByOne());
        double largest = 0;
        for (int token = 0; token < tokens.length; token++) {
            for (int i = 0; i < logits[token].length; i++) {
                largest = Math.max(largest, Math.abs(logits[token][i] - others[token][i]));
            }
        }
        return largest;
    }
}
