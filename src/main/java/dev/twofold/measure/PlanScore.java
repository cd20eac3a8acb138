package dev.twofold.measure;

/**
 * What was measured of a plan on a text.
 *
 * @param loss mean negative log-likelihood of a token, in nats
 * @param kl mean divergence from the original's next-token distribution, in nats
 * @param accuracy share of tokens that are predicted first
 * @param riseError standard error of the rise of the loss over the original's, in nats; NaN if the text is too short to
 *     tell
 */
public record PlanScore(double loss, double kl, double accuracy, double riseError) {

    /** @param base the original's score on the same windows */
    public static PlanScore of(Score score, Score base) {
        return new PlanScore(score.loss(), score.kl(), score.accuracy(), score.riseError(base));
    }

    /** Rise of the perplexity over the original's, as a share of it. */
    public double increase(PlanScore base) {
        return Math.expm1(loss - base.loss);
    }
}
