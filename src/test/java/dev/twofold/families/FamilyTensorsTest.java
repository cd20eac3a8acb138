package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pipeline.Sources;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every tensor of a checkpoint is expected, and every one that is expected is there. */
final class FamilyTensorsTest {

    /** What old checkpoints carry beside their weights; nothing is missing without them. */
    private static final List<String> RELICS =
            List.of(".rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias", ".attn.bias");

    /** Of the layers the second, of experts the last. */
    private static final Predicate<String> ONE_OF_A_KIND = Pattern.compile("(layers|h)\\.[02-9]\\.|experts\\.[0-2]\\.")
            .asPredicate()
            .negate();

    @TempDir
    private Path directory;

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    @ParameterizedTest
    @MethodSource("families")
    void a_tensor_under_another_name_is_missed_and_its_name_is_refused(String name) {
        EditedFamily family = EditedFamily.copy(name, directory.resolve(name));
        List<String> tensors = family.tensors().stream().filter(ONE_OF_A_KIND).toList();
        for (String tensor : tensors) {
            String other = tensor + "_of_another_model";
            Optional<String> refusal = refusal(family.renamed(tensor, other).directory());
            assertThat(refusal).as(tensor).isPresent();
            if (RELICS.stream().anyMatch(tensor::endsWith)) {
                assertThat(refusal.orElseThrow()).contains(other);
            } else {
                assertThat(refusal.orElseThrow()).contains(tensor);
            }
        }
    }

    private static Optional<String> refusal(Path checkpoint) {
        try {
            Sources.SHIPPED.open(checkpoint);
            return Optional.empty();
        } catch (TwofoldException e) {
            assertThat(e.kind()).isEqualTo(Kind.INPUT);
            return Optional.of(e.getMessage());
        }
    }
}
