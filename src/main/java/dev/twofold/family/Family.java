package dev.twofold.family;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A model family: where its checkpoints keep what, and what its layers compute. Made from a YAML file, whose keys are the
 * components of this record and those in it, in lower case with dashes.
 *
 * <p>A file may say {@code like: llama} and hold only what differs from the file of that name, which may do the same.
 * Mappings are merged key by key, and so are those in them; lists and single values replace what is inherited; a key that
 * is null takes the inherited value away, so that it means what its absence means. {@code runtime-type}, {@code harmless}
 * and {@code refused} are inherited like everything else.
 *
 * @param covers the models that people know, for documents
 * @param runtimeType what ONNX Runtime GenAI calls the family; {@code decoder} if it does not know it
 * @param variants other files, of which the first counts whose flag config.json sets
 * @param nested keys of config.json whose objects' keys are called {@code key.inner} here
 * @param harmless keys of config.json that do not change what is computed, besides those that every family may have
 * @param refused keys of config.json that do, unless they have one of the values listed
 */
public record Family(
        String covers,
        String runtimeType,
        Sizes sizes,
        Names names,
        NormStyle norm,
        EmbeddingStyle embedding,
        HeadStyle head,
        LayerStyle layer,
        AttentionStyle attention,
        FeedForwardStyle feedForward,
        List<VariantStyle> variants,
        List<String> nested,
        List<String> harmless,
        Map<String, Refusal> refused) {

    public Family {
        required("covers", covers);
        required("sizes", sizes);
        required("names", names);
        required("norm", norm);
        required("attention", attention);
        required("feed-forward", feedForward);
        runtimeType = runtimeType == null ? "decoder" : runtimeType;
        embedding = embedding == null ? new EmbeddingStyle(Setting.NONE, Setting.NONE) : embedding;
        head = head == null ? new HeadStyle(Setting.NONE, Setting.NONE, Setting.NONE) : head;
        layer = layer == null ? new LayerStyle(Setting.NONE, Setting.NONE, false) : layer;
        variants = variants == null ? List.of() : List.copyOf(variants);
        nested = nested == null ? List.of() : List.copyOf(nested);
        harmless = harmless == null ? List.of() : List.copyOf(harmless);
        refused = refused == null ? Map.of() : Map.copyOf(refused);
    }

    /** Whether the code that checkpoints bring computes what is described here. */
    public boolean ownCodeIsKnown() {
        return harmless.contains("auto_map");
    }

    static <T> T required(String key, T value) {
        if (value == null) {
            throw new IllegalArgumentException("the key " + key + " is missing");
        }
        return value;
    }

    /**
     * Settings that give sizes.
     *
     * @param kvHeads as many as heads, if nothing is said
     * @param headSize hidden size over heads, if nothing is said
     * @param feedForward four times the hidden size where the default is null
     * @param further layers behind the last one, for predicting several tokens at once, which are left out
     */
    public record Sizes(
            Setting layers,
            Setting hidden,
            Setting heads,
            Setting kvHeads,
            Setting headSize,
            Setting feedForward,
            Setting vocabulary,
            Setting context,
            Setting further) {

        public Sizes {
            required("layers", layers);
            required("hidden", hidden);
            required("heads", heads);
            required("vocabulary", vocabulary);
            required("context", context);
            kvHeads = Setting.orNone(kvHeads);
            headSize = Setting.orNone(headSize);
            further = Setting.orNone(further);
            required("feed-forward", feedForward);
        }
    }

    /**
     * Names of tensors, without {@code .weight} and {@code .bias}.
     *
     * @param prefixes of all names but the head's; the first that layers are found under counts
     * @param positions learned positions; none if not given
     * @param embeddingNorm what the embedding passes through; none if not given
     * @param positionsFrom the row of these that the first token gets
     * @param layer prefix of a layer's names, with {@code {layer}} for its number
     * @param transposed whether the layers' matrices are stored {@code [in, out]}
     * @param ignored tensors that follow from the config; {@code *} stands for any characters
     */
    public record Names(
            List<String> prefixes,
            String embedding,
            String positions,
            int positionsFrom,
            String embeddingNorm,
            String layer,
            String finalNorm,
            String head,
            boolean transposed,
            List<String> ignored) {

        /** The same with more tensors that nothing is made of. */
        public Names ignoring(List<String> others) {
            List<String> all = Stream.concat(ignored.stream(), others.stream()).toList();
            return new Names(
                    prefixes,
                    embedding,
                    positions,
                    positionsFrom,
                    embeddingNorm,
                    layer,
                    finalNorm,
                    head,
                    transposed,
                    all);
        }

        /** What the names of all layers begin with, after the prefix. */
        public String layersPrefix() {
            return layer.substring(0, layer.indexOf('{'));
        }

        /** Each is compared with every tensor that nothing else asked for. */
        private static final int MAX_PATTERNS = 32;

        public Names {
            required("embedding", embedding);
            required("layer", layer);
            if (layer.split("\\{layer}", -1).length != 2) {
                throw new IllegalArgumentException("names.layer should have one place for the {layer}'s number");
            }
            required("head", head);
            finalNorm = finalNorm == null ? "" : finalNorm;
            prefixes = prefixes == null || prefixes.isEmpty() ? List.of("") : List.copyOf(prefixes);
            positions = positions == null ? "" : positions;
            embeddingNorm = embeddingNorm == null ? "" : embeddingNorm;
            ignored = ignored == null ? List.of() : List.copyOf(ignored);
            if (ignored.size() > MAX_PATTERNS) {
                throw new IllegalArgumentException("names.ignored has more than " + MAX_PATTERNS + " patterns");
            }
        }
    }

    /**
     * The embedding.
     *
     * @param scale what its rows are multiplied by
     * @param tied whether the head is the embedding
     */
    public record EmbeddingStyle(Setting scale, Setting tied) {
        public EmbeddingStyle {
            scale = Setting.orNone(scale);
            tied = Setting.orNone(tied);
        }
    }

    /**
     * The head.
     *
     * @param bias whether a vector is added to the logits
     * @param scale what logits are multiplied by
     * @param cap what they are softly limited to, after that
     */
    public record HeadStyle(Setting bias, Setting scale, Setting cap) {
        public HeadStyle {
            bias = Setting.orNone(bias);
            scale = Setting.orNone(scale);
            cap = Setting.orNone(cap);
        }
    }

    /**
     * How the operators of a layer are put together.
     *
     * @param parallel whether attention and feed-forward read the same stream
     * @param scale what each adds is multiplied by
     * @param sharedNorm whether, if they are parallel, both read the attention's norm
     */
    public record LayerStyle(Setting parallel, Setting scale, boolean sharedNorm) {
        public LayerStyle {
            parallel = Setting.orNone(parallel);
            scale = Setting.orNone(scale);
        }
    }

    /**
     * What models of the same type with other layers are described by.
     *
     * @param flag key of config.json
     */
    public record VariantStyle(String flag, String file) {
        public VariantStyle {
            required("flag", flag);
            required("file", file);
        }
    }

    /**
     * An option that is not implemented.
     *
     * @param unless values that change nothing
     * @param because what it would change
     */
    public record Refusal(List<JsonNode> unless, String because) {
        public Refusal {
            required("because", because);
            unless = unless == null ? List.of() : List.copyOf(unless);
        }
    }
}
