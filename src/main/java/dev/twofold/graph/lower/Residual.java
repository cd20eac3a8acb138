package dev.twofold.graph.lower;

import dev.twofold.graph.GraphBuilder;
import java.util.ArrayList;
import java.util.List;

/** The residual stream while a graph is built: a value, and what was added to it but is not summed into it yet. */
final class Residual {

    private String stream;
    private final List<String> pending = new ArrayList<>();
    private final List<String> added = new ArrayList<>();

    Residual(String stream) {
        this.stream = stream;
    }

    void add(String value) {
        pending.add(value);
        added.add(value);
    }

    /** The stream without what is pending. */
    String stream() {
        return stream;
    }

    boolean isSettled() {
        return pending.isEmpty();
    }

    /** What is pending, as one value. */
    String pendingSum(GraphBuilder graph, String name) {
        return sum(graph, name, pending);
    }

    /** Values one after the other, as one value. */
    static String sum(GraphBuilder graph, String name, List<String> values) {
        String sum = values.get(0);
        for (String value : values.subList(1, values.size())) {
            sum = graph.node(name + "/sum", "Add", List.of(sum, value));
        }
        return sum;
    }

    /** The stream itself, with all that was pending in it. */
    String settled(GraphBuilder graph, String name) {
        if (!isSettled()) {
            String increase = pendingSum(graph, name);
            settle(graph.node(name + "/add", "Add", List.of(stream, increase)));
        }
        return stream;
    }

    /** The stream has become this value, with all that was pending in it. */
    void settle(String value) {
        stream = value;
        pending.clear();
    }

    /** All that was ever added, which is what a chain adds to the stream outside it. */
    List<String> increase() {
        return List.copyOf(added);
    }
}
