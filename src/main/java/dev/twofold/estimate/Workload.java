package dev.twofold.estimate;

import dev.twofold.execution.Exchange;
import dev.twofold.graph.operator.Kernels;
import java.util.List;
import java.util.Optional;

/**
 * What a graph asks of the device that runs it, counted from its nodes. Sizes are those of one device of a sharded
 * model.
 *
 * @param stages in the order in which they run; all but the last end with an exchange
 * @param storedBytes of all weights, each once
 */
public record Workload(List<Stage> stages, long storedBytes) {

    public Workload {
        stages = List.copyOf(stages);
    }

    /**
     * What runs between two exchanges, once for all tokens of a call.
     *
     * @param weightBytes of weights that are read whole, however many tokens there are
     * @param routed weights of experts, of which those are read that some token chooses
     * @param weightFlopsPerToken of products with weights, a multiplication and an addition each
     * @param activationBytesPerToken that nodes read from one another
     * @param cacheBytesPerPosition of keys and values that are read for each position that a row attends to
     * @param attentionFlopsPerPosition for each token and each position that it attends to
     * @param kernels of all nodes, the exchange apart
     * @param then the exchange at the end
     */
    public record Stage(
            long weightBytes,
            List<Routed> routed,
            long weightFlopsPerToken,
            long activationBytesPerToken,
            long cacheBytesPerPosition,
            long attentionFlopsPerPosition,
            Kernels kernels,
            Optional<Exchanged> then) {

        public Stage {
            routed = List.copyOf(routed);
        }
    }

    /**
     * Weights of experts that one operator chooses among.
     *
     * @param expertBytes of one expert
     * @param chosen for a token
     */
    public record Routed(long expertBytes, long experts, long chosen) {

        /** Of the experts that some token of a call chooses, on average, if each chooses whatever others do. */
        double bytes(long tokens) {
            return expertBytes * experts * (1 - Math.pow(1 - (double) chosen / experts, tokens));
        }
    }

    /** @param bytesPerToken of the value that a device gives */
    public record Exchanged(Exchange.Kind kind, long bytesPerToken) {}

    /** Of all stages. */
    public long cacheBytesPerPosition() {
        return stages.stream().mapToLong(Stage::cacheBytesPerPosition).sum();
    }

    /** Sums over the devices in a call. */
    public int allReduces() {
        return (int) stages.stream()
                .flatMap(stage -> stage.then().stream())
                .filter(exchanged -> exchanged.kind() == Exchange.Kind.SUM)
                .count();
    }

    /** Exchanges of any kind in a call. */
    public int exchanges() {
        return (int) stages.stream().filter(stage -> stage.then().isPresent()).count();
    }
}
