package dev.twofold.source.huggingface;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.parse.JsonFile;
import dev.twofold.source.huggingface.family.Family;
import dev.twofold.stepwise.StepwiseConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads what Twofold wrote for Transformers: a decoder that is no family's, whose config.json lists its steps. */
final class StepwiseDecoder {

    private static final Family.Names NAMES = new Family.Names(
            List.of(""), "model.embed_tokens", "", "model.steps.{layer}.", "model.norm", "lm_head", false, List.of());

    private StepwiseDecoder() {}

    /**
     * @param index the tensors; without, they are only described
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if the list is malformed, or a tensor is missing, unused or
     *     not of the width that it says
     */
    static Decoder read(Path directory, Path file, Optional<TensorIndex> index) {
        StepwiseConfig config = StepwiseConfig.read(file, JsonFile.read(file));
        TensorSource tensors =
                index.map(found -> TensorSource.of(found, NAMES)).orElseGet(() -> TensorSource.described(file, NAMES));
        Decoder decoder = config.decoder(directory.toString(), tensors::tensor);
        if (config.tied()) {
            tensors.skipCopy("lm_head.weight", decoder.embedding().table());
        }
        tensors.requireExact(decoder.facts().layers());
        DecoderVerifier.verify(decoder);
        ModelLimits.check(file, decoder, "max_position_embeddings", "twofold");
        return decoder;
    }
}
