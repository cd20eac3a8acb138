package dev.twofold.measure;

import java.util.List;

/** How well a model predicts a text, window by window, next to the original. */
public record Score(List<Window> windows) {

    /**
     * Sums over the tokens of one window.
     *
     * @param loss negative log-likelihood of the tokens that followed, in nats
     * @param kl divergence of the next-token distributions from the original's, in nats
     * @param right tokens that the model predicted first
     */
    public record Window(int tokens, double loss, double kl, int right) {}

    public Score {
        windows = List.copyOf(windows);
    }

    /** Number of predictions. */
    public int tokens() {
        return windows.stream().mapToInt(Window::tokens).sum();
    }

    /** Mean negative log-likelihood of a token, in nats. */
    public double loss() {
        return windows.stream().mapToDouble(Window::loss).sum() / tokens();
    }

    /** Mean divergence from the original's next-token distribution, in nats. */
    public double kl() {
        return windows.stream().mapToDouble(Window::kl).sum() / tokens();
    }

    /** Share of tokens that the model predicts first. */
    public double accuracy() {
        return (double) windows.stream().mapToInt(Window::right).sum() / tokens();
    }

    /**
     * Standard error of the rise of the loss over another score of the same windows, in nats. Windows, not tokens, are
     * taken for independent. NaN for less than two windows.
     */
    public double riseError(Score other) {
        int count = windows.size();
        if (count < 2) {
            return Double.NaN;
        }
        double mean = loss() - other.loss();
        double squares = 0;
        for (int i = 0; i < count; i++) {
            Window window = windows.get(i);
            double deviation = window.loss() - other.windows.get(i).loss() - mean * window.tokens();
            squares += deviation * deviation;
        }
        return Math.sqrt(squares * count / (count - 1)) / tokens();
    }
}
