package dev.twofold.graph.operator;

import dev.twofold.execution.Exchange;
import dev.twofold.graph.proto.NodeProto;
import java.util.Optional;

/** What devices that run a node exchange in it. */
public enum Meeting {
    /** Nothing: each runs it by itself. */
    NONE,
    SUM,
    GATHER,
    /** What the attribute {@link #OPERATION} says. */
    STATED;

    public static final String OPERATION = "collective_operation";
    public static final String ALL_REDUCE = "all_reduce";
    public static final String ALL_GATHER = "all_gather";

    /** What becomes of the devices' values; empty if they do not meet. */
    Optional<Exchange.Kind> exchange(NodeProto node) {
        return switch (this) {
            case NONE -> Optional.empty();
            case SUM -> Optional.of(Exchange.Kind.SUM);
            case GATHER -> Optional.of(Exchange.Kind.GATHER);
            case STATED -> Optional.of(gathers(node) ? Exchange.Kind.GATHER : Exchange.Kind.SUM);
        };
    }

    private static boolean gathers(NodeProto node) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(OPERATION))
                .anyMatch(attribute -> attribute.getS().toStringUtf8().equals(ALL_GATHER));
    }
}
