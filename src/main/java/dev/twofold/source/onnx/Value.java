package dev.twofold.source.onnx;

import dev.twofold.graph.proto.NodeProto;
import java.util.Optional;

/**
 * A value of a graph, and what is known of it. Values that are computed in the same way from the same values are one, so two are the
 * same if and only if they are identical.
 */
final class Value {

    /** A width that is not known. */
    static final long UNKNOWN = -1;

    private final int order;
    private final Optional<Call> call;
    private final Optional<NodeProto> node;
    private final Term term;
    private final long width;

    /**
     * @param order of its making, among the values of a graph
     * @param call that makes it; none of an input or a constant
     * @param node the first that does
     * @param width of its last axis
     */
    Value(int order, Optional<Call> call, Optional<NodeProto> node, Term term, long width) {
        this.order = order;
        this.call = call;
        this.node = node;
        this.term = term;
        this.width = width;
    }

    int order() {
        return order;
    }

    Optional<Call> call() {
        return call;
    }

    Optional<NodeProto> node() {
        return node;
    }

    Term term() {
        return term;
    }

    long width() {
        return width;
    }

    /** The same as a kind of term, if it is of that kind. */
    <T extends Term> Optional<T> as(Class<T> kind) {
        return kind.isInstance(term) ? Optional.of(kind.cast(term)) : Optional.empty();
    }

    /** How messages call it. */
    String describe() {
        return node.map(ModelGraph::describe)
                .orElseGet(() -> term instanceof Term.Input input ? "input " + input.name() : "a constant");
    }
}
