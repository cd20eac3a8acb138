package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.text;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.Exchange;
import dev.twofold.graph.Attributes;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The nodes at which the devices of a sharded model exchange what they have computed, one way for each engine. Part of a
 * model that is only annotated has none: it is weighed, not emitted.
 */
public final class Collectives {

    private static final String ALL_REDUCE = "AllReduce";
    private static final String ALL_GATHER = "AllGather";
    private static final String DIST_COLLECTIVE = "DistCollective";
    private static final String OPERATION = "collective_operation";

    private final GraphBuilder graph;
    private final CollectiveName engine;
    private final int devices;

    private Collectives(GraphBuilder graph, CollectiveName engine, int devices) {
        this.graph = graph;
        this.engine = engine;
        this.devices = devices;
    }

    /** @throws TwofoldException of kind USAGE if the engine runs no such model */
    static Collectives of(
            GraphBuilder graph, CollectiveName engine, int devices, DialectName dialect, Precision precision) {
        if (engine == CollectiveName.TENSORRT && dialect == DialectName.ORT) {
            throw TwofoldException.usage("TensorRT does not have the operators of the dialect ort")
                    .found("--collective tensorrt --dialect ort")
                    .hint("--dialect onnx");
        }
        if (engine == CollectiveName.ORT && precision == Precision.BF16) {
            throw TwofoldException.usage("com.microsoft.AllReduce does not sum bf16")
                    .found("--collective ort --dtype bf16")
                    .hint("--dtype fp16, or --collective tensorrt or annotate");
        }
        return new Collectives(graph, engine, devices);
    }

    /** The sum of every device's value. */
    String sum(String name, String value) {
        return switch (engine) {
            case ORT ->
                graph.node(name, MICROSOFT, ALL_REDUCE, List.of(value), 1).get(0);
            case TENSORRT -> distributed(name, value, "all_reduce", "sum");
            case ANNOTATE -> value;
        };
    }

    /** Every device's value, one after the other along the first axis. */
    String gather(String name, String value) {
        return switch (engine) {
            case ORT ->
                graph.node(
                                name,
                                MICROSOFT,
                                ALL_GATHER,
                                List.of(value),
                                1,
                                integer("axis", 0),
                                integer("group_size", devices))
                        .get(0);
            case TENSORRT -> distributed(name, value, "all_gather", "none");
            case ANNOTATE -> value;
        };
    }

    private String distributed(String name, String value, String operation, String reduction) {
        return graph.node(
                        name,
                        "",
                        DIST_COLLECTIVE,
                        List.of(value),
                        1,
                        text(OPERATION, operation),
                        text("reduce_op", reduction),
                        integer("root", -1),
                        integer("group_size", 0),
                        integer("nb_rank", devices),
                        Attributes.integers("groups"))
                .get(0);
    }

    /** Adds the domains of the operators. */
    void imports(SortedMap<String, Long> opsets) {
        if (engine == CollectiveName.ORT) {
            opsets.put(MICROSOFT, 1L);
        }
    }

    /** What a node exchanges, if it is one of these. */
    public static Optional<Exchange.Kind> kind(NodeProto node) {
        if (node.getOpType().equals(DIST_COLLECTIVE)) {
            boolean gathers = node.getAttributeList().stream()
                    .filter(attribute -> attribute.getName().equals(OPERATION))
                    .map(AttributeProto::getS)
                    .anyMatch(value -> value.toStringUtf8().equals("all_gather"));
            return Optional.of(gathers ? Exchange.Kind.GATHER : Exchange.Kind.SUM);
        }
        if (!node.getDomain().equals(MICROSOFT)) {
            return Optional.empty();
        }
        return switch (node.getOpType()) {
            case ALL_REDUCE -> Optional.of(Exchange.Kind.SUM);
            case ALL_GATHER -> Optional.of(Exchange.Kind.GATHER);
            default -> Optional.empty();
        };
    }
}
