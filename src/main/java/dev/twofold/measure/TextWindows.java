package dev.twofold.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text cut into windows that are run apart, each from position 0.
 *
 * @param inputs the tokens of each window
 * @param targets the token that follows each of them
 */
public record TextWindows(List<int[]> inputs, List<int[]> targets) {

    public TextWindows {
        inputs = List.copyOf(inputs);
        targets = List.copyOf(targets);
    }

    /** Windows of {@code length} tokens, the last perhaps shorter, over the first {@code limit} predictions of a text. */
    public static TextWindows cut(int[] tokens, int length, int limit) {
        List<int[]> inputs = new ArrayList<>();
        List<int[]> targets = new ArrayList<>();
        int predictions = Math.min(limit, tokens.length - 1);
        for (int from = 0; from < predictions; from += length) {
            int to = Math.min(predictions, from + length);
            inputs.add(Arrays.copyOfRange(tokens, from, to));
            targets.add(Arrays.copyOfRange(tokens, from + 1, to + 1));
        }
        return new TextWindows(inputs, targets);
    }

    /** Number of predictions. */
    public int tokens() {
        return inputs.stream().mapToInt(window -> window.length).sum();
    }
}
