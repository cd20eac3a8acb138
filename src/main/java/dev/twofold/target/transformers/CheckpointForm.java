package dev.twofold.target.transformers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.stepwise.NamedWeight;
import dev.twofold.tensor.Precision;
import java.util.List;

/** A decoder as a checkpoint: what config.json says, and what tensors are called. */
sealed interface CheckpointForm permits PlainForm, StepwiseForm {

    /** The form that most runtimes load. */
    static CheckpointForm of(Decoder decoder) {
        return PlainForm.of(decoder).<CheckpointForm>map(plain -> plain).orElseGet(() -> new StepwiseForm(decoder));
    }

    /** The class that transformers loads it as. */
    String architecture();

    /** Whether that class comes with the checkpoint. */
    boolean bringsCode();

    ObjectNode config();

    List<NamedWeight> weights();

    /** What any config says of a text's ends and of numbers. */
    static void putCommon(ObjectNode config, ModelFacts facts, Precision precision) {
        config.put("dtype", name(precision));
        facts.beginTokens().stream().findFirst().ifPresent(token -> config.put("bos_token_id", token));
        if (facts.endTokens().size() == 1) {
            config.put("eos_token_id", facts.endTokens().get(0));
        } else if (!facts.endTokens().isEmpty()) {
            facts.endTokens().forEach(config.putArray("eos_token_id")::add);
        }
    }

    private static String name(Precision precision) {
        return switch (precision) {
            case FP32 -> "float32";
            case FP16 -> "float16";
            case BF16 -> "bfloat16";
        };
    }
}
