package dev.twofold.ort;

/**
 * How well a model predicts a text, next to the original checkpoint. Losses are nats a token.
 *
 * @param baseAccuracy share of tokens that the original predicts first
 * @param accuracyKept {@code accuracy / baseAccuracy}; 1 if the original predicts no token first
 * @param topOneAgreement share of tokens for which both predict the same first
 * @param kl mean divergence of the model's next-token distribution from the original's, in nats
 */
public record Quality(
        double baseLoss,
        double loss,
        double basePerplexity,
        double perplexity,
        double baseAccuracy,
        double accuracy,
        double accuracyKept,
        double topOneAgreement,
        double kl) {

    /** Sums over tokens, of which the means are a {@link Quality}. */
    static final class Sums {
        private long tokens;
        private double baseLoss;
        private double loss;
        private long baseRight;
        private long right;
        private long agreed;
        private double kl;

        /** Adds one token: the logits of both models from {@code from} on, and the token that followed. */
        void add(float[] base, float[] model, int from, int vocabulary, int next) {
            tokens++;
            baseLoss += Distribution.logSumExp(base, from, vocabulary) - base[from + next];
            loss += Distribution.logSumExp(model, from, vocabulary) - model[from + next];
            int baseFirst = Distribution.argmax(base, from, vocabulary);
            int first = Distribution.argmax(model, from, vocabulary);
            baseRight += baseFirst == next ? 1 : 0;
            right += first == next ? 1 : 0;
            agreed += first == baseFirst ? 1 : 0;
            kl += Distribution.divergence(base, model, from, vocabulary);
        }

        long tokens() {
            return tokens;
        }

        Quality mean() {
            double baseMean = baseLoss / tokens;
            double mean = loss / tokens;
            return new Quality(
                    baseMean,
                    mean,
                    Math.exp(baseMean),
                    Math.exp(mean),
                    (double) baseRight / tokens,
                    (double) right / tokens,
                    baseRight == 0 ? 1 : (double) right / baseRight,
                    (double) agreed / tokens,
                    kl / tokens);
        }
    }
}
