package dev.twofold.passes.quantize;

import dev.twofold.execution.HiddenStates;
import dev.twofold.measure.TextWindows;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the costs of bits are measured on.
 *
 * @param fitted what rounding by a text is fitted to
 * @param scored windows that the model runs on, of the same kinds of text and not among these
 */
public record BitTexts(TextWindows fitted, TextWindows scored) {

    /** The head takes a third of the time of a short model, and predictions of neighbours tell of the same things. */
    private static final int EVERY = 3;

    /** The positions of the scored windows that are compared. */
    TextWindows few() {
        return new TextWindows(few(scored.inputs()), few(scored.targets()), scored.begin());
    }

    private static List<int[]> few(List<int[]> windows) {
        return windows.stream()
                .map(window -> IntStream.range(0, count(window.length))
                        .map(number -> window[position(number, window.length)])
                        .toArray())
                .toList();
    }

    /** The stream at these positions. */
    static HiddenStates few(HiddenStates states) {
        int hidden = states.hidden();
        return new HiddenStates(
                states.windows().stream().map(window -> few(window, hidden)).toList(), hidden);
    }

    private static float[] few(float[] window, int hidden) {
        int length = window.length / hidden;
        float[] few = new float[count(length) * hidden];
        for (int number = 0; number < count(length); number++) {
            System.arraycopy(window, position(number, length) * hidden, few, number * hidden, hidden);
        }
        return few;
    }

    private static int count(int length) {
        return (length + EVERY - 1) / EVERY;
    }

    /** The last of each three. */
    private static int position(int number, int length) {
        return Math.min(number * EVERY + EVERY, length) - 1;
    }
}
