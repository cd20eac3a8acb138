package dev.twofold.measure;

/**
 * What was found out about the layers of a model, by layer number.
 *
 * @param cosine {@code [i][j]}: mean cosine of the residual stream after layers i and j
 * @param angular {@code [i][j]}: mean angular distance of the two, 0 to 1
 * @param cka {@code [i][j]}: linear centred kernel alignment of the two; NaN if the text is too short to tell
 * @param dependency {@code [b][a]}, for a before b: relative change of what b adds when what a added is taken from its input
 * @param influence 1 less the mean cosine of the stream before and after a layer
 * @param distance mean angular distance of the stream before and after a layer
 */
public record LayerFindings(
        double[][] cosine,
        double[][] angular,
        double[][] cka,
        double[][] dependency,
        double[] influence,
        double[] distance) {}
