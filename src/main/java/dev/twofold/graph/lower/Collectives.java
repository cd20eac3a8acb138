package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.text;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.Attributes;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.operator.Meeting;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.SortedMap;

/**
 * The nodes at which the devices of a sharded model exchange what they have computed, one way for each engine. Part of a
 * model that is only annotated has none: it is weighed, not emitted.
 */
final class Collectives {

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
                    .hint("use --dialect onnx");
        }
        if (engine == CollectiveName.ORT && precision == Precision.BF16) {
            throw TwofoldException.usage("com.microsoft.AllReduce does not sum bf16")
                    .found("--collective ort --dtype bf16")
                    .hint("use --dtype fp16, or another --collective: tensorrt or annotate");
        }
        return new Collectives(graph, engine, devices);
    }

    /** The sum of every device's value. */
    String sum(String name, String value) {
        return switch (engine) {
            case ORT ->
                graph.node(name, MICROSOFT, "AllReduce", List.of(value), 1).get(0);
            case TENSORRT -> distributed(name, value, Meeting.ALL_REDUCE, "sum");
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
                                "AllGather",
                                List.of(value),
                                1,
                                integer("axis", 0),
                                integer("group_size", devices))
                        .get(0);
            case TENSORRT -> distributed(name, value, Meeting.ALL_GATHER, "none");
            case ANNOTATE -> value;
        };
    }

    private String distributed(String name, String value, String operation, String reduction) {
        return graph.node(
                        name,
                        "",
                        "DistCollective",
                        List.of(value),
                        1,
                        text(Meeting.OPERATION, operation),
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
}
