package dev.twofold.stepwise;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Temperature;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the key {@code twofold} of config.json says: all of a decoder but its weights and sizes. A key that is left out
 * says that there is no such thing.
 *
 * @param family where the model came from
 * @param embeddingScale what rows of the embedding are multiplied by
 * @param learnedPositions whether a learned vector is added for each position
 * @param logitCap {@code c} in {@code c * tanh(logit / c)}
 * @param headBias whether a vector is added to the logits, before that; not if nothing is said
 * @param rotaries the rotary positions that attentions use, by number
 * @param steps the branches that read the same stream, a list each
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DecoderForm(
        FamilyForm family,
        double embeddingScale,
        boolean learnedPositions,
        NormForm finalNorm,
        @Nullable Double logitCap,
        @Nullable Boolean headBias,
        List<Rotary> rotaries,
        List<List<BranchForm>> steps) {

    DecoderForm {
        Bounds.requirePresent("family", family);
        Bounds.requirePresent("final_norm", finalNorm);
        Bounds.requirePresent("rotaries", rotaries);
        Bounds.requirePresent("steps", steps);
        rotaries = List.copyOf(rotaries);
        steps = steps.stream().map(List::copyOf).toList();
        rotaries.forEach(DecoderForm::require);
        requireNumbers(steps, rotaries.size(), family.layers());
    }

    boolean biasedHead() {
        return headBias != null && headBias;
    }

    private static void require(Rotary rotary) {
        Bounds.requirePresent("scaling", rotary.scaling());
        Bounds.require("positions", rotary.positions(), 1, Bounds.MAX_POSITIONS);
        if (rotary.scaling() instanceof Rotary.LongRopeScaling each) {
            Bounds.require("width", rotary.width(), 2, 2L * each.factors().size());
        }
    }

    /** What queries are multiplied by, wherever they are. */
    Stream<Temperature> temperatures() {
        return temperatures(steps);
    }

    private static Stream<Temperature> temperatures(List<List<BranchForm>> steps) {
        return steps.stream().flatMap(List::stream).flatMap(branch -> {
            if (branch.chain() != null) {
                return temperatures(branch.chain());
            }
            return branch.attention() == null
                    ? Stream.empty()
                    : Stream.ofNullable(branch.attention().temperature());
        });
    }

    /** Numbers that stand for something else in the list. */
    private static void requireNumbers(List<List<BranchForm>> steps, int rotaries, int layers) {
        for (List<BranchForm> step : steps) {
            Bounds.require("the branches of a step", step.size(), 1, Integer.MAX_VALUE);
            for (BranchForm branch : step) {
                branch.layers().forEach(layer -> Bounds.require("layers", layer, 0, layers - 1));
                if (branch.attention() != null) {
                    branch.attention().requireNumbers(rotaries, layers);
                } else if (branch.chain() != null) {
                    requireNumbers(branch.chain(), rotaries, layers);
                }
            }
        }
    }

    /**
     * What the model's mathematics does not depend on.
     *
     * @param modelType its family, as config.json called it
     * @param runtimeType what ONNX Runtime GenAI calls that
     * @param layers of the checkpoint, which numbers of layers are below
     * @param stepsPerLayer how many times a layer added to the stream
     * @param statedContext positions that the checkpoint promised
     */
    record FamilyForm(
            String modelType,
            String runtimeType,
            int layers,
            int stepsPerLayer,
            int statedContext,
            List<Integer> beginTokens,
            List<Integer> endTokens) {

        /** The deepest published models have some hundred layers. */
        private static final int MAX_LAYERS = 4096;

        FamilyForm {
            Bounds.require("layers", layers, 1, MAX_LAYERS);
            Bounds.require("steps_per_layer", stepsPerLayer, 1, 2);
            Bounds.require("stated_context", statedContext, 1, Integer.MAX_VALUE);
            Bounds.requirePresent("model_type", modelType);
            Bounds.requirePresent("runtime_type", runtimeType);
            Bounds.requirePresent("begin_tokens", beginTokens);
            Bounds.requirePresent("end_tokens", endTokens);
            beginTokens = List.copyOf(beginTokens);
            endTokens = List.copyOf(endTokens);
        }
    }

    /** A norm, and whether it has a bias beside its gain. */
    record NormForm(Norm.Kind kind, double epsilon, boolean bias) {

        NormForm {
            Bounds.requirePresent("kind", kind);
        }

        static NormForm of(Norm norm) {
            return new NormForm(norm.kind(), norm.epsilon(), norm.bias().isPresent());
        }
    }
}
