package dev.twofold.passes.quantize;

import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import java.util.ArrayList;
import java.util.List;

/** What a rounded head predicts of the stream that the head it was made of reads too. */
record TwoHeads(DecoderEngine.Head base, DecoderEngine.Head rounded, int vocabulary) {

    Score score(HiddenStates stream, TextWindows text) {
        List<Score.Window> windows = new ArrayList<>();
        for (int window = 0; window < text.targets().size(); window++) {
            windows.add(compare(
                    base.logits(stream, window),
                    rounded.logits(stream, window),
                    text.targets().get(window)));
        }
        return new Score(windows);
    }

    private Score.Window compare(float[] original, float[] other, int[] next) {
        double loss = 0;
        double divergence = 0;
        int right = 0;
        for (int token = 0; token < next.length; token++) {
            int from = token * vocabulary;
            double originalSum = logSum(original, from);
            double otherSum = logSum(other, from);
            int largest = from;
            for (int i = from; i < from + vocabulary; i++) {
                double logarithm = original[i] - originalSum;
                divergence += Math.exp(logarithm) * (logarithm - other[i] + otherSum);
                largest = other[i] > other[largest] ? i : largest;
            }
            loss += otherSum - other[from + next[token]];
            right += largest - from == next[token] ? 1 : 0;
        }
        return new Score.Window(next.length, loss, divergence, right);
    }

    private double logSum(float[] logits, int from) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + vocabulary; i++) {
            largest = Math.max(largest, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < from + vocabulary; i++) {
            sum += Math.exp(logits[i] - largest);
        }
        return largest + Math.log(sum);
    }
}
