package dev.twofold.source.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.checkpoint.DecoderReader;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.checkpoint.StepwiseDecoder;
import dev.twofold.checkpoint.TensorSource;
import dev.twofold.checkpoint.UnknownKeys;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.family.Families;
import dev.twofold.family.Family;
import dev.twofold.parse.JsonFile;
import dev.twofold.stepwise.StepwiseConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the files beside a graph say of it. A graph says what is computed; they say what the model is called, how long its texts may
 * be, and which tokens begin and end them.
 *
 * @param described what config.json says is computed, if it is there and of a known family
 * @param genai what genai_config.json says of the model, if it is there
 * @param notes what was not used, and why
 */
record Settings(Optional<Decoder> described, JsonNode genai, List<String> notes) {

    static final String CONFIG = "config.json";
    static final String GENERATION = "generation_config.json";
    static final String GENAI = "genai_config.json";

    /** Tokens of the longest text, where nothing says it. */
    private static final int USUAL = 4096;

    /** What GenAI calls a decoder that it knows nothing else of. */
    private static final String DECODER = "decoder";

    /** @param directory of the model file */
    static Settings read(Path directory) {
        List<String> notes = new ArrayList<>();
        JsonNode genai = SourceFile.exists(directory.resolve(GENAI))
                ? JsonFile.read(directory.resolve(GENAI)).path("model")
                : MissingNode.getInstance();
        return new Settings(described(directory, notes), genai, List.copyOf(notes));
    }

    /** A configuration that Twofold does not understand says nothing that the graph does not. */
    private static Optional<Decoder> described(Path directory, List<String> notes) {
        Path file = directory.resolve(CONFIG);
        if (!SourceFile.exists(file)) {
            return Optional.empty();
        }
        try {
            ConfigFile config = ConfigFile.read(file);
            String modelType = config.text("model_type").orElse("");
            if (modelType.equals(StepwiseConfig.MODEL_TYPE)) {
                return Optional.of(
                        StepwiseDecoder.read(directory, file, TensorSource.described(file, StepwiseDecoder.NAMES)));
            }
            Family family = Families.find(modelType, Origin.key(file, "model_type"), flag -> config.flag(flag, false));
            Path generation = directory.resolve(GENERATION);
            return Optional.of(DecoderReader.read(
                    directory,
                    family,
                    config,
                    UnknownKeys.of(config, Set.of(), false),
                    RopeRange.SHORT,
                    TensorSource.described(file, family.names()),
                    SourceFile.exists(generation) ? Optional.of(ConfigFile.read(generation)) : Optional.empty()));
        } catch (TwofoldException e) {
            notes.add("note: " + CONFIG + " is not used: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            return Optional.empty();
        }
    }

    /** Rotary positions that config.json speaks of. */
    List<Rotary> rotaries() {
        return described.map(Decoder::rotaries).orElse(List.of());
    }

    /** Tokens of the longest text, where the graph does not say it. */
    int longest() {
        return described
                .map(decoder -> decoder.facts().contextLength())
                .or(() -> number("context_length"))
                .orElse(USUAL);
    }

    /** The name of the graph's file, if genai_config.json gives it. */
    Optional<String> file() {
        return Optional.of(genai.path("decoder").path("filename").asText("")).filter(name -> !name.isEmpty());
    }

    /**
     * Of a graph.
     *
     * @param source the model's path, for messages
     * @param layers that the graph has, at least
     * @param stepsPerLayer as they are in the graph
     * @param positions that it has tables for, if it has any
     */
    ModelFacts facts(
            String source, int layers, int stepsPerLayer, int hidden, int vocabulary, Optional<Integer> positions) {
        Optional<ModelFacts> known = described
                .map(Decoder::facts)
                .filter(facts -> facts.hiddenSize() == hidden && facts.vocabularySize() == vocabulary)
                .filter(facts -> facts.layers() >= layers);
        int stated = known.map(ModelFacts::statedContext)
                .or(() -> number("context_length"))
                .or(() -> positions)
                .orElse(layers);
        int context = known.map(ModelFacts::contextLength).orElse(stated);
        List<Integer> begin = known.map(ModelFacts::beginTokens).orElse(List.of());
        List<Integer> end = known.map(ModelFacts::endTokens).orElse(List.of());
        return new ModelFacts(
                known.map(ModelFacts::modelType)
                        .orElseGet(() -> genai.path("type").asText(DECODER)),
                known.map(ModelFacts::runtimeType)
                        .orElseGet(() -> genai.path("type").asText(DECODER)),
                source,
                known.map(ModelFacts::layers).orElse(layers),
                known.map(ModelFacts::stepsPerLayer).orElse(stepsPerLayer),
                hidden,
                vocabulary,
                Math.min(context, positions.orElse(context)),
                stated,
                begin.isEmpty() ? tokens("bos_token_id", vocabulary) : begin,
                end.isEmpty() ? tokens("eos_token_id", vocabulary) : end,
                known.flatMap(ModelFacts::padToken)
                        .or(() -> known.isPresent()
                                ? Optional.empty()
                                : tokens("pad_token_id", vocabulary).stream().findFirst()));
    }

    private Optional<Integer> number(String key) {
        JsonNode value = genai.path(key);
        return value.isInt() && value.intValue() > 0 ? Optional.of(value.intValue()) : Optional.empty();
    }

    /** One, or a list of them. */
    private List<Integer> tokens(String key, int vocabulary) {
        JsonNode value = genai.path(key);
        List<Integer> tokens = new ArrayList<>();
        (value.isArray() ? value : List.of(value)).forEach(token -> {
            if (token.isInt() && token.intValue() >= 0 && token.intValue() < vocabulary) {
                tokens.add(token.intValue());
            }
        });
        return tokens;
    }
}
