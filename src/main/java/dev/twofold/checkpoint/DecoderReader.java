package dev.twofold.checkpoint;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.Families;
import dev.twofold.family.Family;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Builds the decoder of a checkpoint from the description of its family, its config and the headers of its tensors. */
public final class DecoderReader {

    private final Path source;
    private final Family family;
    private final Settings settings;
    private final ModelShape shape;
    private final LayerRules rules;
    private final LayerReader layers;
    private final TensorSource tensors;

    private DecoderReader(Path source, Family family, Settings settings, TensorSource tensors) {
        ConfigFile config = settings.config();
        this.source = source;
        this.family = family;
        this.settings = settings;
        this.shape = ModelShape.read(settings, family);
        ModelLimits.checkLayers(config, Settings.name(family.sizes().layers(), "layers"), shape.layers());
        ModelLimits.checkHeadSize(config, Settings.name(family.sizes().headSize(), "head size"), shape.headSize());
        ModelLimits.checkParts(config, Settings.name(family.sizes().heads(), "heads"), shape.layers(), shape.heads());
        this.rules = LayerRules.read(settings, family, shape);
        this.tensors = tensors;
        this.layers = new LayerReader(family, settings, shape, tensors);
    }

    /**
     * @param source the checkpoint, for messages
     * @param generation generation_config.json, if there is one
     * @throws TwofoldException of kind INPUT if a key is missing, wrong, or of no known meaning, or if a tensor is missing,
     *     unused, or of the wrong shape or type
     */
    public static Decoder read(
            Path source,
            Family family,
            ConfigFile config,
            UnknownKeys unknown,
            RopeRange range,
            TensorSource tensors,
            Optional<ConfigFile> generation) {
        ConfigFile flat = config;
        for (String key : family.nested()) {
            flat = flat.flattened(key);
        }
        Settings settings = new Settings(flat, unknown, range);
        Decoder decoder;
        try {
            decoder = new DecoderReader(source, family, settings, tensors).read(generation);
        } catch (TwofoldException e) {
            // An option that is not supported may be why tensors do not fit.
            settings.config().refuse(family.refused());
            throw e;
        }
        DecoderVerifier.verify(decoder);
        ModelLimits.check(config, decoder, family);
        return decoder;
    }

    private Decoder read(Optional<ConfigFile> generation) {
        String modelType = settings.config().text("model_type").orElse("");
        ModelFacts facts = new ModelFacts(
                modelType,
                family.runtimeType(),
                source.toString(),
                shape.layers(),
                layers.stepsPerLayer(),
                shape.hidden(),
                shape.vocabulary(),
                rules.context(),
                Math.max(rules.context(), shape.context()),
                settings.config().tokens("bos_token_id", shape.vocabulary()),
                endTokens(generation),
                padToken(generation));
        Embedding embedding = embedding();
        Norm finalNorm = finalNorm();
        boolean tied = settings.flag(family.embedding().tied(), false);
        if (tied) {
            tensors.skipCopy(family.names().head() + ".weight", embedding.table());
        }
        Weight head = tied ? embedding.table() : tensors.head(shape.vocabulary(), shape.hidden());
        Optional<Weight> bias = headBias();
        List<Step> steps = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            steps.addAll(layers.layer(source.toString(), layer, rules.rules().get(layer)));
        }
        int further = settings.countIfAny(family.sizes().further()).orElse(0);
        for (int layer = shape.layers(); layer < shape.layers() + Math.min(further, shape.layers()); layer++) {
            tensors.skipAll(layers.prefix(layer));
        }
        Optional<Double> cap = settings.number(family.head().cap());
        refuseOthers();
        tensors.requireExact(shape.layers());
        tensors.requireMerged();
        return new Decoder(facts, embedding, steps, finalNorm, new Linear(head, bias), cap, Precision.FP32);
    }

    /** generation_config.json overrides what config.json says, as in transformers. */
    private List<Integer> endTokens(Optional<ConfigFile> generation) {
        List<Integer> own = settings.config().tokens("eos_token_id", shape.vocabulary());
        List<Integer> overriding = generation
                .map(config -> config.tokens("eos_token_id", shape.vocabulary()))
                .orElse(List.of());
        return overriding.isEmpty() ? own : overriding;
    }

    private Optional<Integer> padToken(Optional<ConfigFile> generation) {
        Optional<Integer> own = settings.config().tokenIfAny("pad_token_id", shape.vocabulary());
        return generation
                .flatMap(config -> config.tokenIfAny("pad_token_id", shape.vocabulary()))
                .or(() -> own);
    }

    private Embedding embedding() {
        Family.Names names = family.names();
        Weight table =
                tensors.tensor(tensors.prefix() + names.embedding() + ".weight", shape.vocabulary(), shape.hidden());
        long from = names.positionsFrom();
        Optional<Weight> positions = names.positions().isEmpty()
                ? Optional.empty()
                : Optional.of(Weights.slice(
                        tensors.tensor(
                                tensors.prefix() + names.positions() + ".weight",
                                from + shape.context(),
                                shape.hidden()),
                        0,
                        from,
                        from + shape.context()));
        double scale = settings.number(family.embedding().scale()).orElse(1.0);
        Optional<Norm> norm = names.embeddingNorm().isEmpty()
                ? Optional.empty()
                : Optional.of(layers.norm(tensors.prefix() + names.embeddingNorm()));
        return new Embedding(table, scale, positions, norm);
    }

    /** With what the logits are multiplied by in its gain, since the head is linear. */
    private Norm finalNorm() {
        Norm norm = layers.norm(tensors.prefix() + family.names().finalNorm());
        double scale = settings.number(family.head().scale()).orElse(1.0);
        return norm.withGain(Weights.times(norm.gain(), scale), norm.bias().map(bias -> Weights.times(bias, scale)));
    }

    private Optional<Weight> headBias() {
        if (!settings.flag(family.head().bias(), false)) {
            return Optional.empty();
        }
        double scale = settings.number(family.head().scale()).orElse(1.0);
        return Optional.of(Weights.times(tensors.tensor(family.names().head() + ".bias", shape.vocabulary()), scale));
    }

    private void refuseOthers() {
        ConfigFile config = settings.config();
        Families.Common common = Families.common();
        Set<String> harmless = new HashSet<>(common.harmless());
        harmless.addAll(family.harmless());
        family.nested().forEach(key -> common.harmless().forEach(name -> harmless.add(key + "." + name)));
        Map<String, Family.Refusal> refused = new LinkedHashMap<>(common.refused());
        refused.keySet().removeAll(family.harmless());
        refused.putAll(family.refused());
        if (settings.unknown().ignores(UnknownKeys.AUTO_MAP) || !UnknownKeys.pointsToCode(config)) {
            refused.remove(UnknownKeys.AUTO_MAP);
            harmless.add(UnknownKeys.AUTO_MAP);
        }
        config.refuse(refused);
        settings.unknown().check(config, harmless);
    }
}
