package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;
import static dev.twofold.graph.Attributes.number;
import static dev.twofold.graph.Attributes.text;
import static dev.twofold.graph.operator.OperatorName.MICROSOFT;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Activation.ClampedSwish;
import dev.twofold.decoder.Activation.Plain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A mixture of experts as ONNX Runtime's operator, which runs the chosen ones alone.
 *
 * <p>The operator takes a softmax of what it is given, chooses by it, and divides what it chose by its sum. Of the logarithms of shares
 * it makes the shares again, and an expert of share zero has minus infinity; so it is told what was chosen, whatever chose it. Shares
 * that do not sum to one come back by a product with their sum, and so does what is no number. Where inputs are weighed, and one expert
 * is chosen, its share is that sum, and what it reads is multiplied by it.
 */
record ChosenExpertsLowering(GraphBuilder graph) {

    /** A gate and what it is multiplied with, row by row in turns: the only order that ONNX Runtime has on CPUs. */
    private static final int STRANDS = 2;

    /** Not bf16: of that CPUs have no kernel, and CUDA's of ONNX Runtime 1.29 reads the shares as if they were fp32. */
    private static final Set<DataType> TYPES = Set.of(DataType.FLOAT, DataType.FLOAT16);

    /** Of what experts read and of what is inside them, on CUDA: numbers at least, and bytes that rows are whole multiples of. */
    private static final int NARROWEST = 16;

    private static final int ALIGNMENT = 16;

    /** Swish; what is added to what it is multiplied with. */
    private record Gate(double steepness, double offset, Optional<Double> limit) {}

    private static Optional<Gate> gate(Activation activation) {
        if (activation instanceof ClampedSwish own) {
            return Optional.of(new Gate(own.steepness(), 1, Optional.of(own.limit())));
        }
        return activation == Plain.SILU ? Optional.of(new Gate(1, 0, Optional.empty())) : Optional.empty();
    }

    /** Whether the operator computes this, on CPUs and, by its sources, on CUDA. */
    boolean takes(Experts experts) {
        FeedForward one = experts.experts().get(0);
        return TYPES.contains(graph.floating())
                && !experts.isGated()
                && !(experts.routing().weighsInputs() && experts.routing().chosen() > 1)
                && one.gate().isPresent()
                && gate(one.activation()).isPresent()
                && isWide(one.up().weight().shape().dim(1))
                && isWide(one.width())
                && experts.experts().stream().flatMap(FeedForward::weights).noneMatch(RoundedForm::isRounded);
    }

    private boolean isWide(long width) {
        return width >= NARROWEST && width * graph.precision().bytes() % ALIGNMENT == 0;
    }

    /**
     * @param shares weights of the experts, {@code [batch, sequence, experts]}
     * @return {@code [batch, sequence, hidden]}
     */
    String lower(String name, String x, String shares, Experts experts) {
        if (!experts.routing().weighsInputs()) {
            String sum = operator(name, x, shares, experts);
            // Where shares sum to one, too: the operator takes those that are no numbers for experts that were not
            // chosen.
            return graph.node(name + "/summed", "Mul", List.of(sum, total(name, shares)));
        }
        String total = total(name, shares);
        String sum = operator(name, graph.node(name + "/weighed", "Mul", List.of(x, total)), shares, experts);
        // Nothing, or no number, for the same reason.
        String nothing = graph.node(name + "/nothing", "Sub", List.of(total, total));
        return graph.node(name + "/summed", "Add", List.of(sum, nothing));
    }

    private String total(String name, String shares) {
        return graph.node(name + "/total", "ReduceSum", List.of(shares, graph.integers(-1)));
    }

    private String operator(String name, String read, String shares, Experts experts) {
        long count = experts.experts().size();
        String logarithms = graph.node(name + "/logarithms", "Log", List.of(shares));
        String rows = graph.node(name + "/rows", "Reshape", List.of(logarithms, graph.integers(-1, count)));
        List<Linear> readers = experts.experts().stream()
                .flatMap(expert -> expert.readers().stream())
                .toList();
        List<Linear> writers = experts.experts().stream().map(FeedForward::down).toList();
        Stream<String> matrices = Stream.concat(
                operands(name + "/gate_up", readers, STRANDS, count), operands(name + "/down", writers, 1, count));
        return graph.node(
                        name + "/experts",
                        MICROSOFT,
                        "MoE",
                        Stream.concat(Stream.of(read, rows), matrices).toList(),
                        1,
                        attributes(experts))
                .get(0);
    }

    /** The matrices of all experts, {@code [experts, out, in]}, and their biases, {@code [experts, out]}, or none. */
    private Stream<String> operands(String name, List<Linear> linears, int strands, long count) {
        Linear all = Linear.stack(linears);
        long rows = all.outputs() / count;
        Linear woven = all.woven(strands, Math.toIntExact(rows / strands));
        Weight matrices = woven.weight();
        String weight = declared(
                name + ".weight",
                matrices,
                List.of(count, rows, matrices.shape().dim(1)));
        String bias = woven.bias()
                .map(values -> declared(name + ".bias", values, List.of(count, rows)))
                .orElse("");
        return Stream.of(weight, bias);
    }

    private String declared(String name, Weight weight, List<Long> dims) {
        return graph.weight(name, weight, graph.precision(), graph.floating(), dims);
    }

    /** All are said that a runtime might take for others, so that one that does not know them refuses the model. */
    private static AttributeProto[] attributes(Experts experts) {
        Gate gate = gate(experts.experts().get(0).activation()).orElseThrow();
        List<AttributeProto> attributes = new ArrayList<>(List.of(
                integer("k", experts.routing().chosen()),
                text("activation_type", "swiglu"),
                integer("swiglu_fusion", 1),
                number("activation_alpha", gate.steepness()),
                number("activation_beta", gate.offset()),
                integer("normalize_routing_weights", 1)));
        gate.limit().ifPresent(limit -> attributes.add(number("swiglu_limit", limit)));
        return attributes.toArray(AttributeProto[]::new);
    }
}
