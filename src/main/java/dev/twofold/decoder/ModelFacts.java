package dev.twofold.decoder;

import java.util.List;
import java.util.Optional;

/**
 * What a checkpoint says of itself, unchanged by any pass.
 *
 * @param modelType the family, as in config.json
 * @param source the checkpoint's path, for messages
 * @param runtimeType what ONNX Runtime GenAI calls the family, or {@code decoder} for one that it does not know
 * @param layers number of decoder layers in the checkpoint
 * @param stepsPerLayer how many times a layer of the checkpoint adds to the stream: 2, or 1 if its operators run side by side
 * @param contextLength positions the model is right for
 * @param statedContext positions that the checkpoint promises; more where they are scaled otherwise past some length
 * @param beginTokens ids that start a text; empty if none is declared
 * @param endTokens ids at which generation stops; empty if none is declared
 * @param padToken the id that fills up what is too short, if one is declared
 */
public record ModelFacts(
        String modelType,
        String runtimeType,
        String source,
        int layers,
        int stepsPerLayer,
        int hiddenSize,
        int vocabularySize,
        int contextLength,
        int statedContext,
        List<Integer> beginTokens,
        List<Integer> endTokens,
        Optional<Integer> padToken) {

    public ModelFacts {
        beginTokens = List.copyOf(beginTokens);
        endTokens = List.copyOf(endTokens);
    }

    /** Of a model that declares no token to fill up with. */
    public ModelFacts(
            String modelType,
            String runtimeType,
            String source,
            int layers,
            int stepsPerLayer,
            int hiddenSize,
            int vocabularySize,
            int contextLength,
            int statedContext,
            List<Integer> beginTokens,
            List<Integer> endTokens) {
        this(
                modelType,
                runtimeType,
                source,
                layers,
                stepsPerLayer,
                hiddenSize,
                vocabularySize,
                contextLength,
                statedContext,
                beginTokens,
                endTokens,
                Optional.empty());
    }

    public ModelFacts withEndTokens(List<Integer> others) {
        return new ModelFacts(
                modelType,
                runtimeType,
                source,
                layers,
                stepsPerLayer,
                hiddenSize,
                vocabularySize,
                contextLength,
                statedContext,
                beginTokens,
                others,
                padToken);
    }
}
