package dev.twofold.checkpoint;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.family.Family;
import dev.twofold.parse.JsonFile;
import dev.twofold.stepwise.StepwiseConfig;
import java.nio.file.Path;
import java.util.List;

/** Reads what Twofold wrote for Transformers: a decoder that is no family's, whose config.json lists its steps. */
public final class StepwiseDecoder {

    /** How its tensors are called. */
    public static final Family.Names NAMES = new Family.Names(
            List.of(""),
            "model.embed_tokens",
            "",
            0,
            "",
            "model.steps.{layer}.",
            "model.norm",
            "lm_head",
            false,
            List.of());

    private StepwiseDecoder() {}

    /**
     * @param tensors by {@link #NAMES}
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if the list is malformed, or a tensor is missing, unused or
     *     not of the width that it says
     */
    public static Decoder read(Path directory, Path file, TensorSource tensors) {
        StepwiseConfig config = StepwiseConfig.read(file, JsonFile.read(file));
        Decoder decoder = config.decoder(directory.toString(), tensors::tensor);
        if (config.tied()) {
            tensors.skipCopy("lm_head.weight", decoder.embedding().table());
        }
        tensors.requireExact(decoder.facts().layers());
        DecoderVerifier.verify(decoder);
        ModelLimits.check(ConfigFile.read(file), decoder, "max_position_embeddings", "twofold");
        return decoder;
    }
}
