package dev.twofold.checkpoint.family;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.diag.PlainName;
import java.util.List;
import java.util.Map;

/**
 * A model family: where its checkpoints keep what, and what its layers compute. Made from a YAML file, whose keys are the
 * components of this record and those in it, in lower case with dashes.
 *
 * @param covers the models that people know, for documents
 * @param runtimeType what ONNX Runtime GenAI calls the family; {@code decoder} if it does not know it
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
        head = head == null ? new HeadStyle(Setting.NONE, Setting.NONE) : head;
        layer = layer == null ? new LayerStyle(Setting.NONE, Setting.NONE, false) : layer;
        harmless = harmless == null ? List.of() : List.copyOf(harmless);
        refused = refused == null ? Map.of() : Map.copyOf(refused);
    }

    private static <T> T required(String key, T value) {
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
     */
    public record Sizes(
            Setting layers,
            Setting hidden,
            Setting heads,
            Setting kvHeads,
            Setting headSize,
            Setting feedForward,
            Setting vocabulary,
            Setting context) {

        public Sizes {
            required("layers", layers);
            required("hidden", hidden);
            required("heads", heads);
            required("vocabulary", vocabulary);
            required("context", context);
            kvHeads = Setting.orNone(kvHeads);
            headSize = Setting.orNone(headSize);
            required("feed-forward", feedForward);
        }
    }

    /**
     * Names of tensors, without {@code .weight} and {@code .bias}.
     *
     * @param prefixes of all names but the head's; the first that layers are found under counts
     * @param positions learned positions; none if not given
     * @param layer prefix of a layer's names, with {@code {layer}} for its number
     * @param transposed whether the layers' matrices are stored {@code [in, out]}
     * @param ignored tensors that follow from the config; {@code *} stands for any characters
     */
    public record Names(
            List<String> prefixes,
            String embedding,
            String positions,
            String layer,
            String finalNorm,
            String head,
            boolean transposed,
            List<String> ignored) {

        public Names {
            required("embedding", embedding);
            required("layer", layer);
            if (!layer.contains("{layer}")) {
                throw new IllegalArgumentException("names.layer has no place for the {layer}'s number");
            }
            required("head", head);
            finalNorm = finalNorm == null ? "" : finalNorm;
            prefixes = prefixes == null ? List.of("") : List.copyOf(prefixes);
            positions = positions == null ? "" : positions;
            ignored = ignored == null ? List.of() : List.copyOf(ignored);
        }
    }

    /** How a gain is kept. */
    public enum Gain {
        /** As it is. */
        PLAIN,
        /** As its difference from one. */
        ONE_PLUS,
        /** Not at all: it is one. */
        NONE;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * The norms of the stream.
     *
     * @param kind {@code rms} or {@code layer}
     */
    public record NormStyle(NormKind kind, Setting epsilon, Gain gain, boolean bias) {
        public NormStyle {
            required("kind", kind);
            required("epsilon", epsilon);
            gain = gain == null ? Gain.PLAIN : gain;
        }
    }

    /** The norms that there are. */
    public enum NormKind {
        RMS,
        LAYER;

        @Override
        public String toString() {
            return PlainName.of(this);
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
     * @param scale what logits are multiplied by
     * @param cap what they are softly limited to, after that
     */
    public record HeadStyle(Setting scale, Setting cap) {
        public HeadStyle {
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

    /** How query, key and value lie in one matrix. */
    public enum Fused {
        /** All queries, then all keys, then all values. */
        STACKED,
        /** By KV head: its queries, its key, its value. */
        BY_KV_HEAD;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * The attention.
     *
     * @param norm of what it reads; the stream itself if not given
     * @param resultNorm of what it adds; none if not given
     * @param queryKeyValue one matrix in place of query, key and value
     * @param bias of query, key and value
     * @param scale of scores; the head size to the power -1/2 if nothing is said
     * @param clip limit of queries, keys and values
     * @param cap soft limit of scores
     * @param norms of queries and keys
     * @param rotary positions; none if not given
     */
    public record AttentionStyle(
            String norm,
            String resultNorm,
            String query,
            String key,
            String value,
            String queryKeyValue,
            Fused fused,
            String output,
            Setting bias,
            Setting outputBias,
            Setting scale,
            Setting clip,
            Setting cap,
            QueryKeyStyle norms,
            WindowStyle window,
            RotaryStyle rotary) {

        public AttentionStyle {
            required("output", output);
            norm = norm == null ? "" : norm;
            resultNorm = resultNorm == null ? "" : resultNorm;
            queryKeyValue = queryKeyValue == null ? "" : queryKeyValue;
            fused = fused == null ? Fused.STACKED : fused;
            query = query == null ? "" : query;
            key = key == null ? "" : key;
            value = value == null ? "" : value;
            bias = Setting.orNone(bias);
            outputBias = Setting.orNone(outputBias);
            scale = Setting.orNone(scale);
            clip = Setting.orNone(clip);
            cap = Setting.orNone(cap);
            norms = norms == null ? QueryKeyStyle.ABSENT : norms;
            window = window == null ? WindowStyle.ABSENT : window;
            rotary = rotary == null ? RotaryStyle.ABSENT : rotary;
        }
    }

    /** How the gains of queries and keys are kept. */
    public enum HeadGains {
        /** One for all heads. */
        SHARED,
        /** A row a head. */
        ROWS,
        /** A tensor a head, {@code {head}} in its name. */
        TENSORS,
        /** One vector for all heads, which are normalized together. */
        WIDTH;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * Norms of queries and keys, of the same kind, epsilon and gain as the stream's.
     *
     * @param when whether there are any; there are if nothing is said
     */
    public record QueryKeyStyle(String query, String key, HeadGains gains, Setting when) {
        static final QueryKeyStyle ABSENT = new QueryKeyStyle("", "", HeadGains.SHARED, Setting.NONE);

        public QueryKeyStyle {
            required("gains", gains);
            when = Setting.orNone(when);
        }

        public boolean isPresent() {
            return !query.isEmpty();
        }
    }

    /**
     * Sliding windows. The key {@code layer_types} of config.json says which layers have one; without it, the rest here.
     *
     * @param size in tokens, the query's own included
     * @param when whether there are windows; there are if nothing is said
     * @param from the first layer with one
     * @param fullEvery every so many layers, one sees everything
     */
    public record WindowStyle(Setting size, Setting when, Setting from, Setting fullEvery) {
        static final WindowStyle ABSENT = new WindowStyle(Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE);

        public WindowStyle {
            required("size", size);
            when = Setting.orNone(when);
            from = Setting.orNone(from);
            fullEvery = Setting.orNone(fullEvery);
        }

        public boolean isPresent() {
            return !this.equals(ABSENT);
        }
    }

    /**
     * Rotary positions. {@code rope_parameters} and {@code rope_scaling} of config.json are read as well.
     *
     * @param theta the base
     * @param localTheta the base in layers with a window, which are not scaled; the same as elsewhere if nothing is said
     * @param fraction of a head that turns
     * @param interleaved whether neighbours turn together
     * @param scalings that the family knows
     * @param listed key of config.json: a list with 0 for each layer without positions
     * @param skipEvery without that list, every so many layers one has no positions
     * @param windowed whether only layers with a window have positions
     */
    public record RotaryStyle(
            Setting theta,
            Setting localTheta,
            Setting fraction,
            boolean interleaved,
            List<String> scalings,
            String listed,
            Setting skipEvery,
            boolean windowed) {

        static final RotaryStyle ABSENT =
                new RotaryStyle(Setting.NONE, Setting.NONE, Setting.NONE, false, List.of(), "", Setting.NONE, false);

        public RotaryStyle {
            required("theta", theta);
            localTheta = Setting.orNone(localTheta);
            fraction = Setting.orNone(fraction);
            scalings = scalings == null ? List.of("default", "linear", "llama3") : List.copyOf(scalings);
            listed = listed == null ? "" : listed;
            skipEvery = Setting.orNone(skipEvery);
        }

        public boolean isPresent() {
            return !this.equals(ABSENT);
        }
    }

    /**
     * The feed-forward.
     *
     * @param norm of what it reads; the stream itself if not given
     * @param gate none if not given
     * @param gateUp one matrix in place of gate and up, gate first
     * @param bias of all projections
     * @param experts of which this is one, {@code {expert}} in the names of its projections
     */
    public record FeedForwardStyle(
            String norm,
            String resultNorm,
            String gate,
            String up,
            String gateUp,
            String down,
            Setting bias,
            Setting activation,
            ExpertsStyle experts) {

        public FeedForwardStyle {
            required("down", down);
            required("activation", activation);
            norm = norm == null ? "" : norm;
            resultNorm = resultNorm == null ? "" : resultNorm;
            gate = gate == null ? "" : gate;
            up = up == null ? "" : up;
            gateUp = gateUp == null ? "" : gateUp;
            experts = experts == null ? ExpertsStyle.ABSENT : experts;
            bias = Setting.orNone(bias);
        }

        /** The names of one expert. */
        public FeedForwardStyle expert(int number) {
            return new FeedForwardStyle(
                    norm,
                    resultNorm,
                    named(gate, number),
                    named(up, number),
                    named(gateUp, number),
                    named(down, number),
                    bias,
                    activation,
                    experts);
        }

        private static String named(String pattern, int number) {
            return pattern.replace("{expert}", String.valueOf(number));
        }
    }

    /**
     * A mixture of experts.
     *
     * @param count how many there are
     * @param chosen how many a token gets
     * @param normed whether the chosen probabilities are divided by their sum
     */
    public record ExpertsStyle(String router, Setting count, Setting chosen, Setting normed) {
        static final ExpertsStyle ABSENT = new ExpertsStyle("", Setting.NONE, Setting.NONE, Setting.NONE);

        public ExpertsStyle {
            required("router", router);
            required("count", count);
            required("chosen", chosen);
            normed = Setting.orNone(normed);
        }

        public boolean isPresent() {
            return !router.isEmpty();
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
