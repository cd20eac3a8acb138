package dev.twofold.graph.operator;

import dev.twofold.execution.Exchange;
import dev.twofold.graph.operator.ResultType.LikeOperand;
import dev.twofold.graph.proto.NodeProto;
import java.util.List;
import java.util.Optional;

/**
 * What is known of an operator.
 *
 * @param types of its results in order; any further ones are of the last type
 * @param weights what it does with an operand that is a weight
 * @param cutting how it runs on several devices together
 * @param kernels that one node of it becomes
 * @param meeting what the devices of a sharded model exchange in it
 */
public record OperatorRow(
        OperatorName name,
        Arity arity,
        List<ResultType> types,
        ResultWidth width,
        WeightUse weights,
        CutRule cutting,
        Kernels kernels,
        Meeting meeting) {

    public OperatorRow {
        types = List.copyOf(types);
    }

    /** An operator of one result like its first operand, of which nothing in particular is known. */
    static OperatorRow of(String domain, String name, int leastInputs, int mostInputs) {
        return new OperatorRow(
                new OperatorName(domain, name),
                Arity.ofInputs(leastInputs, mostInputs),
                List.of(new LikeOperand(0)),
                ResultWidth.WIDEST,
                WeightUse.WHOLE,
                CutRule.NONE,
                Kernels.ONE,
                Meeting.NONE);
    }

    OperatorRow outputs(int least, int most) {
        return new OperatorRow(name, arity.withOutputs(least, most), types, width, weights, cutting, kernels, meeting);
    }

    OperatorRow typed(ResultType... others) {
        return new OperatorRow(name, arity, List.of(others), width, weights, cutting, kernels, meeting);
    }

    OperatorRow wide(ResultWidth other) {
        return new OperatorRow(name, arity, types, other, weights, cutting, kernels, meeting);
    }

    /** Multiplies activations with a weight. */
    OperatorRow product(CutRule rule) {
        return weighted(WeightUse.PRODUCT).wide(ResultWidth.PRODUCT).cut(rule);
    }

    /** Multiplies activations with the weights of the experts that are chosen for them. */
    OperatorRow chosen() {
        return weighted(WeightUse.CHOSEN);
    }

    /** Reads rows of a table. */
    OperatorRow lookUp() {
        return weighted(WeightUse.LOOK_UP);
    }

    /** Of a weight, it is computed when the model is loaded. */
    OperatorRow folded() {
        return weighted(WeightUse.FOLDED);
    }

    private OperatorRow weighted(WeightUse other) {
        return new OperatorRow(name, arity, types, width, other, cutting, kernels, meeting);
    }

    OperatorRow cut(CutRule other) {
        return new OperatorRow(name, arity, types, width, weights, other, kernels, meeting);
    }

    /** It only says how a value is to be seen. */
    OperatorRow view() {
        return new OperatorRow(name, arity, types, width, weights, cutting, Kernels.NONE, meeting);
    }

    /** @param count kernels in a framework that runs smaller operators one by one */
    OperatorRow eager(int count) {
        return new OperatorRow(
                name, arity, types, width, weights, cutting, new Kernels(kernels.compiled(), count), meeting);
    }

    OperatorRow meets(Meeting other) {
        return new OperatorRow(name, arity, types, width, weights, cutting, kernels, other);
    }

    /** The type of a result. */
    public ResultType type(int output) {
        return types.get(Math.min(output, types.size() - 1));
    }

    /** What the devices of a sharded model exchange in a node of it, if they meet there. */
    public Optional<Exchange.Kind> exchange(NodeProto node) {
        return meeting.exchange(node);
    }
}
