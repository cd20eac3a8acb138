package dev.twofold.pass;

import dev.twofold.execution.DecoderEngine;
import dev.twofold.weight.SpilledWeights;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a pass may compute weights with.
 *
 * @param windows of text, the last {@code heldOut} of which are held out while a ridge is chosen
 * @param heldOut number of windows that ridges are judged by
 * @param spill where computed weights go
 * @param findings hears how well each fit went
 * @param notices hears what people should know before the work starts
 */
public record Calibration(
        DecoderEngine engine,
        List<int[]> windows,
        int heldOut,
        SpilledWeights spill,
        Consumer<FitFinding> findings,
        Consumer<String> notices) {

    public Calibration {
        windows = List.copyOf(windows);
        if (heldOut < 1 || heldOut >= windows.size()) {
            throw new IllegalArgumentException(heldOut + " of " + windows.size() + " windows held out");
        }
    }

    /** Number of windows that ridges are tried on. */
    public int fitted() {
        return windows.size() - heldOut;
    }
}
