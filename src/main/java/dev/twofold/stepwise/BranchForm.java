package dev.twofold.stepwise;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.decoder.Temperature;
import dev.twofold.stepwise.DecoderForm.NormForm;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One branch: its norms, and one of attention, feed-forward, experts and chain.
 *
 * @param layers of the checkpoint that it stands for
 * @param norm what it reads the stream through
 * @param outNorm what its result passes through
 * @param chain steps on a stream of their own
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record BranchForm(
        List<Integer> layers,
        @Nullable NormForm norm,
        @Nullable NormForm outNorm,
        @Nullable AttentionForm attention,
        @Nullable FeedForwardForm feedForward,
        @Nullable ExpertsForm experts,
        @Nullable List<List<BranchForm>> chain) {

    private static final int MAX_HEAD_SIZE = 1 << 14;
    private static final int MAX_PARTS = 1 << 16;
    private static final int MAX_WIDTH = 1 << 26;
    private static final double MAX_TEMPERATURE = 1000;

    BranchForm {
        Bounds.requirePresent("layers", layers);
        layers = List.copyOf(layers);
        long kinds = Stream.of(attention, feedForward, experts, chain)
                .filter(Objects::nonNull)
                .count();
        if (kinds != 1) {
            throw new IllegalArgumentException(
                    "a branch should be one of attention, feed_forward, experts and chain, not " + kinds);
        }
    }

    /**
     * An attention.
     *
     * @param members the layers that it stands for, with their heads
     * @param slidingWindow how many tokens a query sees
     * @param attentionChunk the length of the chunks that see nothing of one another; not beside a window
     * @param rotary the number of its rotary positions
     * @param temperature what queries are multiplied by, by position
     * @param norms of queries and keys
     * @param sinks whether a score of each head takes part in the softmax; not if nothing is said
     * @param biases the projections that have one
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record AttentionForm(
            List<Attention.Heads> members,
            int headDim,
            double scale,
            @Nullable Double clip,
            @Nullable Double cap,
            @Nullable Integer slidingWindow,
            @Nullable Integer attentionChunk,
            @Nullable Integer rotary,
            @Nullable Temperature temperature,
            @Nullable HeadNormForm norms,
            @Nullable Boolean sinks,
            List<String> biases) {

        AttentionForm {
            Bounds.requirePresent("members", members);
            Bounds.requirePresent("biases", biases);
            members = List.copyOf(members);
            biases = List.copyOf(biases);
            Bounds.require("members", members.size(), 1, MAX_PARTS);
            members.forEach(member -> {
                Bounds.require("heads", member.heads(), 1, MAX_PARTS);
                Bounds.require("kv_heads", member.kvHeads(), 1, MAX_PARTS);
            });
            Bounds.require("head_dim", headDim, 1, MAX_HEAD_SIZE);
            if (slidingWindow != null) {
                Bounds.require("sliding_window", slidingWindow, 1, Integer.MAX_VALUE);
            }
            if (attentionChunk != null) {
                Bounds.require("attention_chunk", attentionChunk, 1, Integer.MAX_VALUE);
            }
            if (slidingWindow != null && attentionChunk != null) {
                throw new IllegalArgumentException("an attention has a sliding_window or an attention_chunk, not both");
            }
            if (temperature != null) {
                requireBounds(temperature);
            }
        }

        private static void requireBounds(Temperature temperature) {
            Bounds.require("every", temperature.every(), 1, Integer.MAX_VALUE);
            Bounds.require("offset", temperature.offset(), 0, 1);
            Bounds.require("positions", temperature.positions(), 1, Bounds.MAX_POSITIONS);
            if (!(temperature.weight() > 0 && temperature.weight() <= MAX_TEMPERATURE)) {
                throw new IllegalArgumentException(
                        "weight should be above 0, at most " + MAX_TEMPERATURE + ", not " + temperature.weight());
            }
        }

        /** @throws IllegalArgumentException if it names rotary positions or a layer that there are not */
        void requireNumbers(int rotaries, int layers) {
            members.forEach(member -> Bounds.require("layer", member.layer(), 0, layers - 1));
            if (rotary != null) {
                Bounds.require("rotary", rotary, 0, rotaries - 1);
            }
        }
    }

    /**
     * Norms of queries and keys.
     *
     * @param turned whether positions turned them before; not if nothing is said
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record HeadNormForm(QueryKeyNorm.Span span, @Nullable Boolean turned, Norm.Kind kind, double epsilon) {

        HeadNormForm {
            Bounds.requirePresent("span", span);
            Bounds.requirePresent("kind", kind);
            if (!(epsilon >= Float.MIN_NORMAL && epsilon <= 1)) {
                throw new IllegalArgumentException("epsilon should be " + Float.MIN_NORMAL + " to 1, not " + epsilon);
            }
        }
    }

    /** A feed-forward. */
    record FeedForwardForm(long width, boolean gated, ActivationForm activation, List<String> biases) {

        FeedForwardForm {
            Bounds.require("width", width, 1, MAX_WIDTH);
            Bounds.requirePresent("activation", activation);
            Bounds.requirePresent("biases", biases);
            biases = List.copyOf(biases);
            if (!gated && activation.needsGate()) {
                throw new IllegalArgumentException("gated should be true where the activation is " + activation.word());
            }
        }
    }

    /**
     * A mixture of experts.
     *
     * @param chosen how many a token gets
     * @param normed whether their scores are divided by their sum
     * @param scored what the router's results become; softmax if nothing is said
     * @param correction whether scores are corrected for the choice; not if nothing is said
     * @param near what results an expert has its share among are near by; all if nothing is said
     * @param weighsInputs whether what experts read is multiplied by their scores, not what they make; not if nothing is said
     * @param expert each of them; the router has a bias if it is among its biases
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record ExpertsForm(
            int count,
            int chosen,
            boolean normed,
            @Nullable Score scored,
            @Nullable Boolean correction,
            @Nullable Double near,
            @Nullable Boolean weighsInputs,
            FeedForwardForm expert) {

        ExpertsForm {
            Bounds.requirePresent("expert", expert);
            Bounds.require("count", count, 1, MAX_PARTS);
            Bounds.require("chosen", chosen, 1, count);
        }

        Score score() {
            return scored == null ? Score.SOFTMAX : scored;
        }

        boolean corrected() {
            return correction != null && correction;
        }
    }
}
