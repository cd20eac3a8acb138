package dev.twofold.target.gguf;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LinearScaling;
import dev.twofold.decoder.Rotary.Llama3Scaling;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.decoder.Rotary.Scaling;
import dev.twofold.decoder.Rotary.YarnScaling;
import dev.twofold.gguf.HeaderWriter;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rotary positions in the words of GGUF: keys, and what frequencies are divided by in tensors.
 *
 * @param prefix of the keys
 * @param inFractions whether YaRN blends from and to fractions of a pair
 */
record RotaryKeys(String prefix, Rotary rotary, boolean inFractions) {

    /** How often the first and the last pair that YaRN blends turn over the original context, unless something else is said. */
    private static final double FAST = 32;

    private static final double SLOW = 1;

    /** Contexts that models were trained with before they were stretched: powers of two. */
    private static final List<Integer> ORIGINALS =
            IntStream.rangeClosed(5, 24).mapToObj(power -> 1 << power).toList();

    /** Why positions cannot be said, if they cannot. */
    static Optional<String> refusal(Rotary rotary, boolean inFractions) {
        boolean unusual = rotary.scaling() instanceof YarnScaling yarn
                && (original(rotary, yarn, inFractions).isEmpty()
                        || Math.abs(yarn.magnitude() - 1 - 0.1 * Math.log(yarn.factor())) > 1e-9);
        return unusual
                ? Optional.of("its positions are stretched by YaRN with settings of their own")
                : Optional.empty();
    }

    void write(HeaderWriter header) {
        header.real(prefix + "rope.freq_base", rotary.theta());
        header.whole(prefix + "rope.dimension_count", rotary.width());
        Scaling scaling = rotary.scaling();
        if (scaling instanceof LinearScaling linear) {
            header.text(prefix + "rope.scaling.type", "linear");
            header.real(prefix + "rope.scaling.factor", linear.factor());
        } else if (scaling instanceof YarnScaling yarn) {
            header.text(prefix + "rope.scaling.type", "yarn");
            header.real(prefix + "rope.scaling.factor", yarn.factor());
            header.whole(
                    prefix + "rope.scaling.original_context_length",
                    original(rotary, yarn, inFractions).orElseThrow());
        } else if (scaling instanceof LongRopeScaling factors) {
            // Without it deci does not look for the factors.
            header.text(prefix + "rope.scaling.type", "longrope");
            header.whole(prefix + "rope.scaling.original_context_length", factors.positions());
            header.real(prefix + "rope.scaling.attn_factor", factors.magnitude());
        }
    }

    /** The tensors with a factor for each frequency, if there are any. */
    List<GgufTensor> tensors() {
        List<GgufTensor> tensors = new ArrayList<>();
        if (rotary.scaling() instanceof Llama3Scaling) {
            tensors.add(tensor(
                    "rope_freqs.weight",
                    IntStream.range(0, rotary.width() / 2)
                            .mapToObj(this::factor)
                            .toList()));
        } else if (rotary.scaling() instanceof LongRopeScaling factors) {
            // Where the long range was asked for, every text is turned by it.
            tensors.add(tensor(
                    "rope_factors_long.weight", factors.beyond().isEmpty() ? factors.factors() : factors.beyond()));
            tensors.add(tensor("rope_factors_short.weight", factors.factors()));
        }
        return tensors;
    }

    private double factor(int pair) {
        return Math.pow(rotary.theta(), -2.0 * pair / rotary.width()) / rotary.frequency(pair);
    }

    private static GgufTensor tensor(String name, List<Double> factors) {
        Shape shape = Shape.of(factors.size());
        Weight weight = new Computed(shape, new Factors(factors));
        return new GgufTensor(name, shape, weight, GgufTensor.Use.SMALL, 0);
    }

    /** What each frequency is divided by. */
    private record Factors(List<Double> factors) implements Weight.Rows {

        @Override
        public String name() {
            return "factors of frequencies";
        }

        @Override
        public void fill(long row, float[] values) {
            for (int pair = 0; pair < values.length; pair++) {
                values[pair] = factors.get(pair).floatValue();
            }
        }
    }

    /** The context for which YaRN's usual turns give these first and last pairs. */
    private static Optional<Integer> original(Rotary rotary, YarnScaling yarn, boolean inFractions) {
        return ORIGINALS.stream()
                .filter(length -> {
                    double fast = pair(rotary, FAST, length);
                    double slow = pair(rotary, SLOW, length);
                    double first = Math.max(0, inFractions ? fast : Math.floor(fast));
                    double last = Math.min(rotary.width() - 1, inFractions ? slow : Math.ceil(slow));
                    return first == yarn.low() && (last == yarn.high() || first == last && yarn.high() < last + 1);
                })
                .findFirst();
    }

    private static double pair(Rotary rotary, double turns, int length) {
        return rotary.width() * Math.log(length / (turns * 2 * Math.PI)) / (2 * Math.log(rotary.theta()));
    }
}
