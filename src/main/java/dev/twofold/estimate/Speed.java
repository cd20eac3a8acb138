package dev.twofold.estimate;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How fast a prompt is read and continued.
 *
 * @param prefill the call with the prompt
 * @param decode a call with one new token a row, the mean over the whole text
 * @param prefillTokensPerSecond of all rows
 * @param decodeTokensPerSecond of all rows
 */
public record Speed(CallTime prefill, CallTime decode, double prefillTokensPerSecond, double decodeTokensPerSecond) {

    /** The time of a call rises in few straight lines with the cache, so that the mean of a few is that of all. */
    private static final int SAMPLES = 32;

    /**
     * @param rows of the batch
     * @param promptTokens of each row
     * @param newTokens decoded after them, each attending to all before
     */
    public record Text(int rows, int promptTokens, int newTokens) {}

    /** @param devices the workload of each */
    public static Speed of(CostModel model, List<Workload> devices, Text text) {
        CallTime prefill = model.call(devices, text.rows(), text.promptTokens(), 0);
        int samples = Math.min(SAMPLES, text.newTokens());
        CallTime decode = IntStream.range(0, samples)
                .mapToDouble(sample -> (sample + 0.5) / samples * text.newTokens() - 0.5)
                .mapToObj(token -> model.call(devices, text.rows(), 1, text.promptTokens() + token))
                .reduce(CallTime.NONE, CallTime::plus)
                .dividedBy(samples);
        return new Speed(
                prefill,
                decode,
                (double) text.rows() * text.promptTokens() / prefill.total(),
                text.rows() / decode.total());
    }
}
