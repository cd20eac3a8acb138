package dev.twofold.decoder;

import java.util.Optional;

/**
 * What an attention does with its queries and keys, whatever its weights. Attentions can be one only if they agree in it.
 *
 * @param headSize width of one attention head
 * @param clip {@code c} in {@code min(max(x, -c), c)}, which queries, keys and values pass through first, if they do
 * @param scale what the product of query and key is multiplied by
 * @param cap {@code c} in {@code c * tanh(score / c)}, which scores pass through before the mask
 * @param window the tokens that a query sees; all before it and itself if there is none
 * @param rotary the positions; without, queries and keys have none
 * @param temperature what queries are multiplied by, by position, once they are normalized and turned, if they are
 */
public record AttentionRule(
        int headSize,
        Optional<Double> clip,
        double scale,
        Optional<Double> cap,
        Optional<Window> window,
        Optional<Rotary> rotary,
        Optional<Temperature> temperature) {

    /** Without a temperature. */
    public AttentionRule(
            int headSize,
            Optional<Double> clip,
            double scale,
            Optional<Double> cap,
            Optional<Window> window,
            Optional<Rotary> rotary) {
        this(headSize, clip, scale, cap, window, rotary, Optional.empty());
    }

    /** Number of tokens a query sees, itself included, if that is what it sees. */
    public Optional<Integer> slidingWindow() {
        return sizeOf(Window.Kind.SLIDING);
    }

    /** Length of the chunks of a text that see nothing of one another, if there are chunks. */
    public Optional<Integer> chunk() {
        return sizeOf(Window.Kind.CHUNK);
    }

    private Optional<Integer> sizeOf(Window.Kind kind) {
        return window.filter(own -> own.kind() == kind).map(Window::size);
    }

    public AttentionRule withScale(double other) {
        return new AttentionRule(headSize, clip, other, cap, window, rotary, temperature);
    }
}
