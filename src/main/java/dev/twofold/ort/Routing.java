package dev.twofold.ort;

import java.util.BitSet;
import java.util.List;

/**
 * How often a model sends tokens to other experts than the reference does, given the same streams, and whether it is a matter of
 * rounding: experts that are exchanged must have nearly equal scores.
 *
 * @param choices tokens times routers
 * @param differing those of them with another expert in it
 * @param gap largest difference of the scores of experts that were exchanged, over the largest score of the token
 * @param own parity of the model when it goes where it goes by itself
 */
public record Routing(long choices, long differing, double gap, Parity own) {

    static final Routing NONE = new Routing(0, 0, 0, Parity.NONE);

    /** What a router chose by itself and by what scores, when it was told what to choose. */
    record Choice(float[] own, float[] scores) {}

    /**
     * With the choices of a window.
     *
     * @param given of each router, the experts that the reference chose: {@code [tokens, chosen]}
     */
    Routing and(List<long[]> given, List<Choice> made, int tokens) {
        Routing sum = this;
        for (int router = 0; router < given.size(); router++) {
            for (int token = 0; token < tokens; token++) {
                sum = sum.and(given.get(router), made.get(router), token, tokens);
            }
        }
        return sum;
    }

    private Routing and(long[] given, Choice made, int token, int tokens) {
        int chosen = given.length / tokens;
        int own = made.own().length / tokens;
        int experts = made.scores().length / tokens;
        BitSet exchanged = new BitSet(experts);
        for (int i = 0; i < chosen; i++) {
            exchanged.flip((int) given[token * chosen + i]);
        }
        for (int i = 0; i < own; i++) {
            exchanged.flip((int) made.own()[token * own + i]);
        }
        double largest = 0;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (int expert = 0; expert < experts; expert++) {
            double score = made.scores()[token * experts + expert];
            largest = Math.max(largest, Math.abs(score));
            if (exchanged.get(expert)) {
                low = Math.min(low, score);
                high = Math.max(high, score);
            }
        }
        boolean same = exchanged.isEmpty();
        double between = same ? 0 : high == low ? 0 : (high - low) / largest;
        return new Routing(choices + 1, differing + (same ? 0 : 1), Math.max(gap, between), own());
    }

    /** With the parity of a token that went where it went by itself. */
    Routing and(Parity free) {
        return new Routing(choices, differing, gap, own.and(free));
    }
}
