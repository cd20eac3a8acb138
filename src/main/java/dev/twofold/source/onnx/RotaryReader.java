package dev.twofold.source.onnx;

import dev.twofold.decoder.Rotary;
import dev.twofold.weight.WeightEvaluator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What tables of cosines and sines are made of: a base and how it is scaled, checked against the tables. */
final class RotaryReader {

    private static final int MAX_POSITIONS = 1 << 24;
    private static final int MAX_WIDTH = 1 << 14;

    private final ModelGraph graph;
    private final WeightEvaluator numbers;
    private final List<Rotary> described;
    private final int longest;
    private final Map<Turn, Rotary> known = new HashMap<>();

    /**
     * @param described by the configuration beside the model, which go first
     * @param longest positions of a graph that computes cosines and sines of any
     */
    RotaryReader(ModelGraph graph, WeightEvaluator numbers, List<Rotary> described, int longest) {
        this.graph = graph;
        this.numbers = numbers;
        this.described = described;
        this.longest = longest;
    }

    /** @param value that says so, for messages */
    Rotary read(Turn turn, int headSize, Value value) {
        Rotary rotary = known.get(turn);
        if (rotary == null) {
            rotary = find(turn, headSize, value);
            known.put(turn, rotary);
        }
        return rotary;
    }

    private Rotary find(Turn turn, int headSize, Value value) {
        long positions = WaveTable.is(turn.cosines())
                ? Math.min(longest, turn.cosines().shape().dim(0))
                : turn.cosines().shape().dim(0);
        long width = 2 * turn.cosines().shape().dim(1);
        if (positions > MAX_POSITIONS || width > Math.min(headSize, MAX_WIDTH)) {
            throw Unrecognised.in(graph)
                    .at(value, "tables of at most " + MAX_POSITIONS + " positions, for heads of " + headSize);
        }
        RotaryRows rows = RotaryRows.read(turn, (int) positions, numbers);
        Optional<Rotary> same = described.stream()
                .map(rotary -> new Rotary(
                        rotary.theta(), rotary.width(), turn.interleaved(), rotary.scaling(), (int) positions))
                .filter(rotary -> rotary.width() == width && rows.fit(rotary))
                .findFirst();
        return same.or(() -> RotaryFit.of(rows, (int) width, turn.interleaved(), (int) positions))
                .orElseThrow(() -> Unrecognised.in(graph)
                        .at(value, "tables of the cosines and sines of positions times frequencies"));
    }
}
