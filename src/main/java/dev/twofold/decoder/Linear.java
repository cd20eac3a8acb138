package dev.twofold.decoder;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A projection {@code y = W x + b}, with {@code weight} {@code [out, in]} and {@code bias} {@code [out]}. */
public record Linear(Weight weight, Optional<Weight> bias) {

    public static Linear withoutBias(Weight weight) {
        return new Linear(weight, Optional.empty());
    }

    /** One projection of the same input whose outputs are those of all parts, one after the other. */
    public static Linear stack(List<Linear> parts) {
        Weight weight = Weights.stack(0, parts.stream().map(Linear::weight).toList());
        if (parts.stream().allMatch(part -> part.bias().isEmpty())) {
            return withoutBias(weight);
        }
        List<Weight> biases = parts.stream()
                .map(part -> part.bias().orElseGet(() -> new Filled(Shape.of(part.outputs()), 0f)))
                .toList();
        return new Linear(weight, Optional.of(Weights.stack(0, biases)));
    }

    /** One projection that reads the inputs of all parts, one after the other, and yields the sum of their outputs. */
    public static Linear sum(List<Linear> parts) {
        Weight weight = Weights.stack(1, parts.stream().map(Linear::weight).toList());
        List<Weight> biases =
                parts.stream().flatMap(part -> part.bias().stream()).toList();
        return new Linear(weight, biases.isEmpty() ? Optional.empty() : Optional.of(Weights.sum(biases)));
    }

    /** The projection to outputs {@code begin} to {@code end - 1} only. */
    public Linear rows(long begin, long end) {
        return new Linear(
                Weights.slice(weight, 0, begin, end), bias.map(values -> Weights.slice(values, 0, begin, end)));
    }

    /**
     * The product of inputs {@code begin} to {@code end - 1} only.
     *
     * @param biased whether the bias is added to it: of all parts of a sum, one adds it
     */
    public Linear columns(long begin, long end, boolean biased) {
        return new Linear(Weights.slice(weight, 1, begin, end), bias.filter(values -> biased));
    }

    /** The projection to the same outputs in another order, that of {@link Weights#weave}. */
    public Linear woven(int strands, int length) {
        return new Linear(
                Weights.weave(weight, strands, length), bias.map(values -> Weights.weave(values, strands, length)));
    }

    /** Weight and, if there is one, bias. */
    public Stream<Weight> weights() {
        return Stream.concat(Stream.of(weight), bias.stream());
    }

    public long outputs() {
        return weight.shape().dim(0);
    }
}
