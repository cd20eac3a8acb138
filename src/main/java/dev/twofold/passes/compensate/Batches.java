package dev.twofold.passes.compensate;

import dev.twofold.pass.Calibration;
import java.util.ArrayList;
import java.util.List;

/** The windows of a calibration text, few at a time, so that memory does not depend on its length. */
public record Batches(List<Batch> all) {

    /** Tokens whose activations are held at a time, about. */
    private static final int TOKENS = 8192;

    public Batches {
        all = List.copyOf(all);
    }

    /** Windows {@code from} to {@code to - 1}, all held out or none. */
    public record Batch(int number, int from, int to, boolean heldOut) {}

    public static Batches of(Calibration calibration) {
        List<Batch> batches = new ArrayList<>();
        List<int[]> windows = calibration.windows();
        int from = 0;
        while (from < windows.size()) {
            boolean heldOut = from >= calibration.fitted();
            int end = heldOut ? windows.size() : calibration.fitted();
            int to = from + 1;
            int tokens = windows.get(from).length;
            while (to < end && tokens + windows.get(to).length <= TOKENS) {
                tokens += windows.get(to).length;
                to++;
            }
            batches.add(new Batch(batches.size(), from, to, heldOut));
            from = to;
        }
        return new Batches(batches);
    }
}
