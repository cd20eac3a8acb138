package dev.twofold.layers;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;
import dev.twofold.diag.PlainName;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a rewrite can do to a decoder. Its mathematics decides, not its name.
 *
 * @param rewrite in a few words
 * @param why it goes so far; empty if there is nothing to say
 * @param cost of what it cannot do; empty if there is none
 */
public record Applicability(String rewrite, Verdict verdict, String why, String cost) {

    /** Why, and at what cost. */
    public String reason() {
        return cost.isEmpty() ? why : why + "; " + cost;
    }

    static final String WIDEN_ATTENTION = "widen attention";
    static final String WIDEN_FEED_FORWARD = "widen feed-forward";

    /** How far a rewrite goes. */
    public enum Verdict {
        YES,
        PARTLY,
        NO;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    private static final String TWO_BRANCHES =
            "a pair stays two branches of one step: as many all-reduces as merged, but twice the kernels";

    /** Every rewrite, for a decoder as a reader made it, in an order that does not change. */
    public static List<Applicability> of(Decoder decoder) {
        return new Traits(decoder).all();
    }

    /** What decides. */
    private static final class Traits {
        private final boolean readsNorms;
        private final boolean normsResults;
        private final boolean normsWidths;
        private final boolean latents;
        private final boolean experts;
        private final boolean ownActivations;
        private final boolean parallel;
        private final int neighbours;
        private final long unlike;

        Traits(Decoder decoder) {
            List<Attention> attentions = decoder.attentions().toList();
            readsNorms = decoder.branches().anyMatch(branch -> branch.in().isPresent());
            normsResults = decoder.branches().anyMatch(branch -> branch.out().isPresent());
            normsWidths = attentions.stream().anyMatch(Attention::normsWidth);
            latents = attentions.stream()
                    .anyMatch(attention -> attention.latents().any());
            experts = decoder.branches().anyMatch(branch -> branch.body().kind() == Operator.Kind.EXPERTS);
            ownActivations = decoder.branches()
                    .anyMatch(branch -> branch.body() instanceof FeedForward feedForward
                            && feedForward.activation().weights().findAny().isPresent());
            parallel = decoder.facts().stepsPerLayer() == 1;
            neighbours = Math.max(0, attentions.size() - 1);
            unlike = IntStream.range(0, neighbours)
                    .filter(i -> !attentions
                            .get(i)
                            .rule()
                            .equals(attentions.get(i + 1).rule()))
                    .count();
        }

        List<Applicability> all() {
            List<Applicability> all = new ArrayList<>();
            all.add(
                    readsNorms
                            ? yes("fold norms", "")
                            : yes("fold norms", "there are none in front of projections, so nothing changes"));
            all.add(widenAttention());
            all.add(widenFeedForward());
            all.add(yes("one-sync", parallel ? "the same as two-sync, as a layer reads the stream once anyway" : ""));
            all.add(widenCaches());
            all.add(shardHeads());
            all.add(shardLayers());
            all.add(experts ? partly("compensate inputs", "experts keep their weights") : yes("compensate inputs", ""));
            all.add(compensateOutputs());
            return List.copyOf(all);
        }

        private Applicability widenAttention() {
            String rewrite = WIDEN_ATTENTION;
            if (normsResults) {
                return noApart(rewrite, "each result passes through a norm of its own");
            } else if (normsWidths) {
                return noApart(rewrite, "queries and keys are normalized over a layer's whole width");
            } else if (latents) {
                return noApart(rewrite, "every layer makes keys and values of a latent of its own");
            } else if (unlike > 0) {
                return partlyApart(rewrite, unlike + " of " + neighbours + " neighbours differ in window or positions");
            }
            return yes(rewrite, "");
        }

        private Applicability widenFeedForward() {
            String rewrite = WIDEN_FEED_FORWARD;
            if (normsResults) {
                return noApart(rewrite, "each result passes through a norm of its own");
            }
            if (ownActivations) {
                return noApart(rewrite, "every layer's activation has numbers of its own");
            }
            return experts ? noApart(rewrite, "every layer chooses experts of its own") : yes(rewrite, "");
        }

        private Applicability widenCaches() {
            Applicability attention = widenAttention();
            return new Applicability(
                    "wide KV caches",
                    attention.verdict(),
                    attention.verdict() == Verdict.YES
                            ? ""
                            : "one for each pair whose attentions merge, else one for each layer",
                    "");
        }

        private Applicability shardHeads() {
            if (normsWidths) {
                return no("shard by heads", "queries and keys are normalized over all heads, which no device has");
            }
            return yes(
                    "shard by heads",
                    normsResults
                            ? "the results of a pair's branches meet side by side, in an all-reduce twice as wide"
                            : "");
        }

        private Applicability shardLayers() {
            String rewrite = "shard by layers";
            if (normsWidths) {
                return partly(rewrite, "only if all layers run in groups, with a device each");
            }
            return normsResults
                    ? partly(rewrite, "only with one device for each layer of a group, as a norm follows")
                    : yes(rewrite, "");
        }

        private Applicability compensateOutputs() {
            if (normsResults) {
                return no("compensate outputs", "a norm follows, so the fit has no closed form");
            }
            return experts ? partly("compensate outputs", "experts keep their weights") : yes("compensate outputs", "");
        }

        private static Applicability yes(String rewrite, String reason) {
            return new Applicability(rewrite, Verdict.YES, reason, "");
        }

        private static Applicability partly(String rewrite, String reason) {
            return new Applicability(rewrite, Verdict.PARTLY, reason, "");
        }

        private static Applicability no(String rewrite, String reason) {
            return new Applicability(rewrite, Verdict.NO, reason, "");
        }

        private static Applicability partlyApart(String rewrite, String why) {
            return new Applicability(rewrite, Verdict.PARTLY, why, TWO_BRANCHES);
        }

        private static Applicability noApart(String rewrite, String why) {
            return new Applicability(rewrite, Verdict.NO, why, TWO_BRANCHES);
        }
    }
}
