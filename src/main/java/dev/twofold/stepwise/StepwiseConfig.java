package dev.twofold.stepwise;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.BindingFailure;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The config.json of Twofold's own architecture. Of its keys four and {@code twofold} decide what is computed; the others
 * are those that transformers keeps for every model, and the modelling code does not ask for them.
 */
public record StepwiseConfig(int vocabulary, int hidden, int context, boolean tied, DecoderForm decoder) {

    /** {@code model_type}. */
    public static final String MODEL_TYPE = "twofold";

    private static final String DECODER = "twofold";
    private static final String VOCABULARY = "vocab_size";
    private static final String HIDDEN = "hidden_size";
    private static final String CONTEXT = "max_position_embeddings";
    private static final String TIED = "tie_word_embeddings";

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .addMixIn(Rotary.Scaling.class, ScalingTypes.class)
            .addMixIn(Rotary.LongRopeScaling.class, OneRange.class)
            .build();

    /** What the kinds of scaling are called. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Rotary.Unscaled.class, name = "unscaled"),
        @JsonSubTypes.Type(value = Rotary.LinearScaling.class, name = "linear"),
        @JsonSubTypes.Type(value = Rotary.Llama3Scaling.class, name = "llama3"),
        @JsonSubTypes.Type(value = Rotary.YarnScaling.class, name = "yarn"),
        @JsonSubTypes.Type(value = Rotary.LongRopeScaling.class, name = "longrope")
    })
    private interface ScalingTypes {}

    /** The model that is trained has one range. */
    @JsonIgnoreProperties("beyond")
    private abstract static class OneRange {
        @JsonCreator
        OneRange(
                @JsonProperty("factors") List<Double> factors,
                @JsonProperty("magnitude") double magnitude,
                @JsonProperty("positions") int positions) {}
    }

    public static StepwiseConfig of(Decoder decoder) {
        ModelFacts facts = decoder.facts();
        return new StepwiseConfig(
                facts.vocabularySize(),
                facts.hiddenSize(),
                facts.contextLength(),
                decoder.tied(),
                FormWriter.of(decoder));
    }

    /** Puts what decides into a config.json. */
    public void write(ObjectNode root) {
        root.put(VOCABULARY, vocabulary);
        root.put(HIDDEN, hidden);
        root.put(CONTEXT, context);
        root.put(TIED, tied);
        root.set(DECODER, MAPPER.valueToTree(decoder));
    }

    /**
     * Reads what decides.
     *
     * @param file for messages
     * @throws TwofoldException of kind INPUT that names the key that is missing or wrong
     */
    public static StepwiseConfig read(Path file, ObjectNode root) {
        int context = positive(file, root, CONTEXT);
        DecoderForm decoder = decoder(file, root.path(DECODER));
        decoder.temperatures()
                .filter(own -> own.positions() < context)
                .findFirst()
                .ifPresent(own -> {
                    throw wrong(file, CONTEXT)
                            .found(context)
                            .expected("at most " + own.positions() + ", the positions of a temperature");
                });
        return new StepwiseConfig(
                positive(file, root, VOCABULARY), positive(file, root, HIDDEN), context, tied(file, root), decoder);
    }

    private static int positive(Path file, ObjectNode root, String key) {
        JsonNode value = root.path(key);
        if (!value.isInt() || value.intValue() < 1) {
            throw wrong(file, key)
                    .found(value.isMissingNode() ? "no such key" : value)
                    .expected("a positive whole number");
        }
        return value.intValue();
    }

    private static boolean tied(Path file, ObjectNode root) {
        JsonNode value = root.path(TIED);
        if (!value.isBoolean()) {
            throw wrong(file, TIED)
                    .found(value.isMissingNode() ? "no such key" : value)
                    .expected("true or false");
        }
        return value.booleanValue();
    }

    private static DecoderForm decoder(Path file, JsonNode tree) {
        try {
            return Optional.ofNullable(MAPPER.treeToValue(tree, DecoderForm.class))
                    .orElseThrow(() -> wrong(file, DECODER).found("no such key"));
        } catch (JsonMappingException e) {
            List<String> path = BindingFailure.path(e);
            throw wrong(file, path.isEmpty() ? DECODER : DECODER + "." + String.join(".", path))
                    .found(BindingFailure.reason(e))
                    .cause(e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private static TwofoldException wrong(Path file, String key) {
        return TwofoldException.input("wrong value in the list of steps")
                .at(Origin.key(file, key))
                .hint("take the config.json that twofold convert wrote");
    }

    /**
     * The decoder, with its weights.
     *
     * @param source the checkpoint's path, for messages
     */
    public Decoder decoder(String source, Tensors tensors) {
        FormReader reader = new FormReader(decoder, tensors, hidden, source);
        Weight table = tensors.tensor(TensorNames.EMBEDDING, vocabulary, hidden);
        Optional<Weight> positions = decoder.learnedPositions()
                ? Optional.of(tensors.tensor(TensorNames.POSITIONS, context, hidden))
                : Optional.empty();
        Weight head = tied ? table : tensors.tensor(TensorNames.weight(TensorNames.HEAD), vocabulary, hidden);
        return new Decoder(
                facts(source),
                new Embedding(table, decoder.embeddingScale(), positions),
                reader.steps(),
                reader.finalNorm(),
                new Linear(head, headBias(tensors)),
                Optional.ofNullable(decoder.logitCap()),
                Precision.FP32);
    }

    private Optional<Weight> headBias(Tensors tensors) {
        return decoder.biasedHead()
                ? Optional.of(tensors.tensor(TensorNames.bias(TensorNames.HEAD), vocabulary))
                : Optional.empty();
    }

    private ModelFacts facts(String source) {
        DecoderForm.FamilyForm family = decoder.family();
        return new ModelFacts(
                family.modelType(),
                family.runtimeType(),
                source,
                family.layers(),
                family.stepsPerLayer(),
                hidden,
                vocabulary,
                context,
                family.statedContext(),
                family.beginTokens(),
                family.endTokens());
    }
}
