package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderSize;
import dev.twofold.decoder.DecoderText;
import dev.twofold.pipeline.Sources;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A config tells everything of a decoder but its numbers. */
final class DescribedDecoderTest {

    static Stream<String> families() {
        return TinyFamilies.names().stream();
    }

    @ParameterizedTest
    @MethodSource("families")
    void has_the_steps_and_the_size_of_the_one_with_tensors(String name) {
        Decoder read = Sources.SHIPPED.open(TinyFamilies.checkpoint(name)).decoder();
        Decoder described = Sources.SHIPPED.describe(TinyFamilies.checkpoint(name));
        assertThat(text(described)).isEqualTo(text(read));
        assertThat(DecoderSize.of(described)).isEqualTo(DecoderSize.of(read));
        assertThat(DecoderSize.of(described).parameters()).isPositive();
    }

    /** Only the tensors tell which of its prefixes a checkpoint of GPT-2 has, and whether Llama 4's experts lie in one tensor. */
    private static String text(Decoder decoder) {
        return DecoderText.of(decoder).replace("transformer.", "").replaceAll("(downs\\[[0-9, ]+\\] ).*", "$1");
    }
}
