package dev.twofold.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A text cut into windows that are run apart, each from position 0.
 *
 * <p>Where the tokenizer puts a begin token before a text, one is before every window, as models that are used to it
 * predict nothing well without:
 *
 * <pre>
 * text a b c d e f, windows of 3     without            with
 *   inputs                            [a b c] [d e]      [^ a b] [^ d e]
 *   targets                           [b c d] [e f]      [a b c] [d e f]
 * </pre>
 *
 * @param inputs the tokens of each window
 * @param targets the token that follows each of them
 * @param begin the token before every window, if there is one
 */
public record TextWindows(List<int[]> inputs, List<int[]> targets, Optional<Integer> begin) {

    private static final int FEW = 4;
    private static final int FEW_TOKENS = 512;

    public TextWindows {
        inputs = List.copyOf(inputs);
        targets = List.copyOf(targets);
    }

    /** Windows of {@code length} tokens, the last perhaps shorter, over the first {@code limit} predictions of a text. */
    public static TextWindows cut(TokenizedText text, int length, int limit) {
        List<int[]> inputs = new ArrayList<>();
        List<int[]> targets = new ArrayList<>();
        int[] tokens = text.whole();
        int predictions = Math.min(limit, text.predictions());
        for (int from = 0; from < predictions; from += length) {
            int to = Math.min(predictions, from + length);
            int[] input = Arrays.copyOfRange(tokens, from, to);
            text.begin().ifPresent(first -> input[0] = first);
            inputs.add(input);
            targets.add(Arrays.copyOfRange(tokens, from + 1, to + 1));
        }
        return new TextWindows(inputs, targets, text.begin());
    }

    /** The windows of several texts of one tokenizer, one text after the other. */
    public static TextWindows joined(List<TextWindows> texts) {
        return new TextWindows(
                texts.stream().flatMap(text -> text.inputs().stream()).toList(),
                texts.stream().flatMap(text -> text.targets().stream()).toList(),
                texts.get(0).begin());
    }

    /** Windows {@code from} to {@code to - 1}. */
    public TextWindows part(int from, int to) {
        return new TextWindows(inputs.subList(from, to), targets.subList(from, to), begin);
    }

    /** A few windows from all over the text. */
    public TextWindows spaced(int count) {
        int few = Math.min(count, inputs.size());
        return joined(IntStream.range(0, few)
                .map(i -> (int) ((long) i * inputs.size() / few))
                .mapToObj(window -> part(window, window + 1))
                .toList());
    }

    /** As much of the text as tells layers and places apart, from all over it. */
    public TextWindows few() {
        int few = Math.min(FEW, inputs.size());
        return spaced(few).beginnings(FEW_TOKENS / few);
    }

    /** The first tokens of each window. */
    public TextWindows beginnings(int length) {
        return new TextWindows(beginnings(inputs, length), beginnings(targets, length), begin);
    }

    private static List<int[]> beginnings(List<int[]> windows, int length) {
        return windows.stream()
                .map(window -> Arrays.copyOf(window, Math.min(length, window.length)))
                .toList();
    }

    /** Number of predictions. */
    public int tokens() {
        return inputs.stream().mapToInt(window -> window.length).sum();
    }

    /** Tokens in a window, the last of which may be shorter. */
    public int length() {
        return inputs.stream().mapToInt(window -> window.length).max().orElse(0);
    }

    /** What a perplexity that is measured on these windows is called, so that it can be compared with others. */
    public String convention() {
        return "windows of " + length()
                + begin.map(first -> ", each after the begin token " + first).orElse(", without a begin token");
    }
}
