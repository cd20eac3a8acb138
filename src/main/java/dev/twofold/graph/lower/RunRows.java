package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.execution.GraphNames;
import dev.twofold.graph.GraphBuilder;
import java.util.List;

/**
 * The mask's columns of the tokens of this run, and what they say of its rows. Made once, when first asked for.
 */
final class RunRows {

    private final GraphBuilder graph;
    private String run = "";

    RunRows(GraphBuilder graph) {
        this.graph = graph;
    }

    /** {@code [batch, sequence]}: 1 where a row has a token. */
    String mask() {
        if (run.isEmpty()) {
            String from = graph.node("mask/run_from", "Neg", List.of(sequence("mask/run_length")));
            run = graph.node(
                    "mask/run",
                    "Slice",
                    List.of(GraphNames.MASK, from, graph.integers(Long.MAX_VALUE), graph.integers(1)));
        }
        return run;
    }

    /** The number of tokens in a row of this run, padding included: a vector of one. */
    private String sequence(String name) {
        return graph.node(name, "Shape", List.of(GraphNames.IDS), integer("start", 1), integer("end", 2));
    }

    /** For each row the place in this run of the first token, or of the last, {@code [batch, 1]}. */
    String place(boolean last) {
        return graph.node(
                last ? "mask/run_last" : "mask/run_first",
                "ArgMax",
                List.of(mask()),
                integer("axis", 1),
                integer("keepdims", 1),
                integer("select_last_index", last ? 1 : 0));
    }

    /**
     * The vectors of one token a row.
     *
     * @param x {@code [batch, sequence, hidden]}
     * @param places {@code [batch, taken]}; those below zero count from the end
     * @return {@code [batch, taken, hidden]}
     */
    String taken(String name, String x, String places) {
        String each = graph.node(name + "_places", "Unsqueeze", List.of(places, graph.integers(-1)));
        return graph.node(name, "GatherND", List.of(x, each), integer("batch_dims", 1));
    }

    /**
     * Rows that begin with padding, moved to the left by as much; what moves out comes in again behind the tokens.
     *
     * @param ids {@code [batch, sequence]} for this run's ids
     * @param back {@code [batch, sequence]}: the place in the moved row of every token
     * @param positions {@code [batch, sequence]}: how many tokens are before each in its moved row
     */
    record Moved(String ids, String back, String positions) {}

    Moved moved() {
        String first = place(false);
        String length = graph.node("mask/run_tokens", "Squeeze", List.of(sequence("mask/run_shape")));
        String zero = graph.integer(0);
        String one = graph.integer(1);
        // Places below zero count from the end, so that one addition moves a row around.
        String below = graph.node("rows/below", "Neg", List.of(length));
        String fromEnd = graph.node("rows/from_end", "Range", List.of(below, zero, one));
        String forth = graph.node("rows/forth", "Add", List.of(first, fromEnd));
        String ids = graph.node("rows/ids", "GatherElements", List.of(GraphNames.IDS, forth), integer("axis", 1));
        String columns = graph.node("rows/columns", "Range", List.of(zero, length, one));
        String back = graph.node("rows/back", "Sub", List.of(columns, first));
        String all = graph.node(
                "rows/tokens", "ReduceSum", List.of(GraphNames.MASK, graph.integers(1)), integer("keepdims", 1));
        String own =
                graph.node("rows/run_tokens", "ReduceSum", List.of(mask(), graph.integers(1)), integer("keepdims", 1));
        String before = graph.node("rows/before", "Sub", List.of(all, own));
        return new Moved(ids, back, graph.node("rows/positions", "Add", List.of(before, columns)));
    }

    /**
     * One, and zero if a row that had tokens before has none in this run: a number that no Range can count by.
     */
    String step() {
        String own = most("mask/run_any", mask());
        String ever = most("mask/any", GraphNames.MASK);
        String gone = graph.node("mask/gone", "Sub", List.of(own, ever));
        String least = graph.node("mask/least", "ReduceMin", List.of(gone), integer("keepdims", 0));
        return graph.node("mask/step", "Add", List.of(least, graph.integer(1)));
    }

    private String most(String name, String mask) {
        return graph.node(name, "ReduceMax", List.of(mask, graph.integers(1)), integer("keepdims", 0));
    }
}
