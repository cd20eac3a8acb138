package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Path;

/** A directory into which tiny models are written, and what reading them comes to. */
record TinyCheckpoint(Path directory) {

    Decoder read(TinyLlama model) throws IOException {
        return Sources.SHIPPED.open(model.write(directory)).decoder();
    }

    TwofoldException refused(TinyLlama model) throws IOException {
        model.write(directory);
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory));
        assertThat(e).as("accepted").isNotNull();
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        assertThat(e.getMessage()).startsWith(directory.toString());
        return e;
    }

    static TinyLlama tiny() {
        return TinyLlama.create();
    }

    static Attention attention(Decoder decoder, int layer) {
        return (Attention) decoder.steps().get(2 * layer).branches().get(0).body();
    }

    static FeedForward feedForward(Decoder decoder, int layer) {
        return (FeedForward)
                decoder.steps().get(2 * layer + 1).branches().get(0).body();
    }
}
