package dev.twofold.source.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.Decimals;
import dev.twofold.gguf.Metadata;
import dev.twofold.weight.Weight.OnDisk;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Rotary positions: what the metadata says of them, and the factors of frequencies that files keep as tensors, as
 * config.json has them.
 */
record RotaryKeys(Metadata metadata, String prefix, Map<String, OnDisk> tensors) {

    private static final String SCALING = "rope_scaling";
    private static final String ORIGINAL = "original_max_position_embeddings";
    private static final String FACTORS = "rope_freqs.weight";
    private static final String LONG = "rope_factors_long.weight";
    private static final String SHORT = "rope_factors_short.weight";

    /** The most pairs of elements of a head that anybody turns. */
    private static final int MAX_PAIRS = 1 << 13;

    /** What Llama 3.1 and all that followed it are scaled with, besides the factor and the context. */
    private static final double LOW = 1;

    private static final double HIGH = 4;

    /** Contexts that models were trained with before they were stretched. */
    private static final List<Integer> ORIGINALS = List.of(8192, 4096, 2048, 16384, 32768, 1024, 512, 256, 128, 64);

    /** @param headSize elements of a head */
    void write(ObjectNode config, Map<String, String> spelling, Architecture architecture, int headSize) {
        int turning = turning(config, architecture, headSize);
        Optional<ObjectNode> scaling = scaling(config, turning);
        scaling.filter(options -> architecture.yarnInFractions()
                        && options.path("rope_type").asText().equals("yarn"))
                .ifPresent(options -> options.put("truncate", false));
        scaling.ifPresent(options -> config.set(SCALING, options));
        spelling.put(SCALING, prefix + "rope.scaling.type");
        for (String key : List.of("factor", "attention_factor", "beta_fast", "beta_slow")) {
            spelling.put(SCALING + "." + key, prefix + "rope.scaling." + key);
        }
        spelling.put(SCALING + ".rope_type", prefix + "rope.scaling.type");
        spelling.put(SCALING + "." + ORIGINAL, prefix + "rope.scaling.original_context_length");
        spelling.put(SCALING + ".short_factor", SHORT);
        spelling.put(SCALING + ".long_factor", LONG);
    }

    /** How many elements of a head turn. */
    private int turning(ObjectNode config, Architecture architecture, int headSize) {
        String key = prefix + "rope.dimension_count";
        long turning = metadata.whole(key).orElse((long) headSize);
        String fraction = architecture.rotaryFraction();
        if (turning < 2 || turning > headSize || !architecture.turnsInPart() && turning != headSize) {
            throw metadata.wrong(key, "another number of elements turn than this architecture has")
                    .found(turning)
                    .expected(architecture.turnsInPart() ? "2 to " + headSize : String.valueOf(headSize));
        }
        if (!fraction.isEmpty()) {
            config.put(fraction, fraction(turning, headSize));
        }
        if (!architecture.rotaryCount().isEmpty()) {
            config.put(architecture.rotaryCount(), (int) turning);
        }
        return (int) turning;
    }

    /** The part that, times the whole and cut to a whole number, is that number again. */
    private static double fraction(long part, int whole) {
        double fraction = (double) part / whole;
        return (long) (whole * fraction) == part ? fraction : Math.nextUp(fraction);
    }

    private Optional<ObjectNode> scaling(ObjectNode config, int turning) {
        Optional<Double> factor = number("factor");
        // The older key counts where the newer is not there, even if that says nothing.
        Optional<Double> linear = metadata.number(prefix + "rope.scale_linear")
                .filter(scale -> scale != 0
                        && metadata.number(prefix + "rope.scaling.factor").isEmpty());
        boolean stretches = factor.or(() -> linear).filter(value -> value != 1).isPresent();
        String type = metadata.text(prefix + "rope.scaling.type").orElse(stretches ? "linear" : "none");
        Optional<Long> original = metadata.whole(prefix + "rope.scaling.original_context_length");
        Optional<Double> attention = number("attn_factor");
        boolean factors = Stream.of(FACTORS, SHORT, LONG).anyMatch(tensors::containsKey);
        requireOnce(stretches && factors, type);
        if (tensors.containsKey(FACTORS)) {
            requireUnattended(attention);
            return Optional.of(stretched(config, factors(FACTORS, turning), turning));
        }
        if (tensors.containsKey(SHORT) || tensors.containsKey(LONG)) {
            return Optional.of(longRope(config, turning, original, attention));
        }
        ObjectNode options = config.objectNode();
        switch (type) {
            case "linear", "longrope" -> {
                requireUnattended(attention);
                return factor.or(() -> linear)
                        .map(value -> options.put("rope_type", "linear").put("factor", value));
            }
            case "yarn" -> yarn(options, original);
            case "none" -> {
                requireUnattended(attention);
                // llama.cpp never stretches where it is said that nothing is, whatever the factors are.
                return Optional.empty();
            }
            default ->
                throw metadata.wrong(prefix + "rope.scaling.type", "positions are scaled in a way that is not known")
                        .found(type)
                        .expected("none, linear, yarn or longrope");
        }
        factor.or(() -> linear).ifPresent(value -> options.put("factor", value));
        attention.ifPresent(value -> options.put("attention_factor", value));
        return Optional.of(options);
    }

    /** llama.cpp multiplies cosines and sines by it whatever the type is; config.json has it with YaRN and LongRoPE only. */
    private void requireUnattended(Optional<Double> attention) {
        attention.filter(value -> value != 1).ifPresent(value -> {
            throw metadata.wrong(
                            prefix + "rope.scaling.attn_factor",
                            "cosines and sines are multiplied, which is read with YaRN and with tensors of LongRoPE only")
                    .found(value)
                    .expected("1");
        });
    }

    /** llama.cpp would stretch what the factors of a tensor have stretched once more. */
    private void requireOnce(boolean stretches, String type) {
        if (stretches && !type.equals("none")) {
            throw metadata.wrong(prefix + "rope.scaling.factor", "positions are stretched twice, which is not read")
                    .found("a factor beside a tensor of factors")
                    .expected("one of them");
        }
    }

    /** Zero says nothing. */
    private Optional<Double> number(String key) {
        return metadata.number(prefix + "rope.scaling." + key).filter(value -> value != 0);
    }

    private void yarn(ObjectNode options, Optional<Long> original) {
        options.put("rope_type", "yarn");
        original.ifPresent(length -> options.put(ORIGINAL, Math.toIntExact(Math.min(length, Integer.MAX_VALUE))));
        number("yarn_beta_fast").ifPresent(value -> options.put("beta_fast", value));
        number("yarn_beta_slow").ifPresent(value -> options.put("beta_slow", value));
        number("yarn_ext_factor").filter(value -> value != 1).ifPresent(value -> {
            throw metadata.wrong(prefix + "rope.scaling.yarn_ext_factor", "frequencies are mixed in another way")
                    .found(value)
                    .expected("1");
        });
        number("yarn_attn_factor")
                .filter(value -> value != 1)
                .ifPresent(value -> options.put("attention_factor", value));
    }

    private ObjectNode longRope(ObjectNode config, int turning, Optional<Long> original, Optional<Double> attention) {
        ObjectNode options = config.objectNode().put("rope_type", "longrope");
        addAll(options, "short_factor", factors(SHORT, turning));
        addAll(options, "long_factor", factors(LONG, turning));
        int context = config.path("max_position_embeddings").asInt();
        int trained = original.map(length -> Math.toIntExact(Math.min(length, Integer.MAX_VALUE)))
                .orElse(context);
        config.put(ORIGINAL, trained);
        // Files keep in float32 what follows from the two lengths; only another number is said.
        double inferred =
                trained < context ? Math.sqrt(1 + Math.log((double) context / trained) / Math.log(trained)) : 1;
        attention
                .filter(value -> Math.abs(value - inferred) > 1e-6 * inferred)
                .ifPresent(value -> options.put("attention_factor", value));
        return options;
    }

    /**
     * What files of Llama 3.1 and later keep as a factor for each frequency: the formula that gives exactly these, if it is
     * found, or else the factors themselves.
     */
    private ObjectNode stretched(ObjectNode config, List<Double> factors, int turning) {
        double theta = config.path("rope_theta").asDouble(10_000);
        double factor = factors.get(factors.size() - 1);
        Optional<Integer> original = ORIGINALS.stream()
                .filter(length -> factor > 1 && gives(factors, theta, turning, factor, length))
                .findFirst();
        ObjectNode options = config.objectNode();
        if (original.isPresent()) {
            options.put("rope_type", "llama3").put("factor", factor);
            options.put("low_freq_factor", LOW).put("high_freq_factor", HIGH);
            return options.put(ORIGINAL, original.get());
        }
        options.put("rope_type", "longrope").put("attention_factor", 1.0);
        addAll(options, "short_factor", factors);
        addAll(options, "long_factor", factors);
        return options;
    }

    private static boolean gives(List<Double> factors, double theta, int turning, double factor, int original) {
        Rotary.Llama3Scaling scaling = new Rotary.Llama3Scaling(factor, LOW, HIGH, original);
        return IntStream.range(0, factors.size()).allMatch(pair -> {
            double frequency = Math.pow(theta, -2.0 * pair / turning);
            double expected = frequency / scaling.apply(frequency, pair);
            return Math.abs(factors.get(pair) - expected) <= 2e-6 * expected;
        });
    }

    private static void addAll(ObjectNode options, String key, List<Double> factors) {
        options.set(
                key,
                options.arrayNode()
                        .addAll(factors.stream().map(options::numberNode).toList()));
    }

    private List<Double> factors(String name, int turning) {
        OnDisk tensor = tensors.get(name);
        if (tensor == null
                || tensor.shape().elements() != turning / 2
                || turning / 2 > MAX_PAIRS
                || tensor.shape().rank() > 2) {
            throw TwofoldException.input("not a factor for each pair of elements that turn")
                    .at(Origin.tensor(metadata.file(), name))
                    .found(tensor == null ? "no such tensor" : tensor.shape())
                    .expected("[" + turning / 2 + "]");
        }
        try (MappedFiles files = new MappedFiles()) {
            float[] values = new WeightEvaluator(files).read(tensor);
            return IntStream.range(0, values.length)
                    .mapToObj(i -> Decimals.shortest(values[i]))
                    .toList();
        }
    }
}
