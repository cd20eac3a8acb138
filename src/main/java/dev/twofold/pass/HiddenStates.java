package dev.twofold.pass;

import java.util.List;

/**
 * The residual stream over windows of text.
 *
 * @param windows one array a window, {@code [tokens, hidden]} row-major; all of one length but perhaps the last
 */
public record HiddenStates(List<float[]> windows, int hidden) {

    public HiddenStates {
        windows = List.copyOf(windows);
    }

    /** Number of tokens in a window. */
    public int tokens(int window) {
        return windows.get(window).length / hidden;
    }
}
