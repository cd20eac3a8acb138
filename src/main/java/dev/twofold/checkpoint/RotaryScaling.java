package dev.twofold.checkpoint;

import dev.twofold.decoder.Rotary.LinearScaling;
import dev.twofold.decoder.Rotary.Llama3Scaling;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.decoder.Rotary.Scaling;
import dev.twofold.decoder.Rotary.Unscaled;
import dev.twofold.decoder.Rotary.YarnScaling;
import dev.twofold.family.RotaryStyle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads how rotary frequencies are stretched for longer contexts. */
final class RotaryScaling {

    static final String ORIGINAL = "original_max_position_embeddings";

    private RotaryScaling() {}

    private static final String UNSCALED = "default";

    /** They ask for the context before. */
    private static final Set<String> FROM_BEFORE = Set.of("llama3", "yarn", "longrope", "su");

    /** What a config.json says of scaling, and how many positions it holds for. */
    record Read(Scaling scaling, int positions) {}

    /**
     * @param settings of the whole config.json
     * @param options its part about scaling
     */
    static Read read(Settings settings, ConfigFile options, RotaryStyle style, double theta, int width, int context) {
        String named = kind(options);
        String type = style.sections() && sections(options, named) ? UNSCALED : named;
        if (!style.scalings().contains(type)) {
            throw options.wrong("rope_type", "unsupported rotary scaling")
                    .found(type)
                    .expected(String.join(", ", style.scalings()));
        }
        return switch (type) {
            case "linear" -> new Read(new LinearScaling(options.positiveNumber("factor")), context);
            case "llama3" -> new Read(llama3(options, context), context);
            case "yarn" -> yarn(options, theta, width, context);
            case "longrope", "su" -> longRope(settings, options, style, width, context);
            // Within the context that the model was made for, "dynamic" changes nothing, and no positions are made past
            // it.
            case "dynamic" -> {
                options.positiveNumber("factor");
                yield new Read(new Unscaled(), context);
            }
            default -> new Read(new Unscaled(), context);
        };
    }

    /**
     * Options with the context before, where they ask for it: what the whole file says of it counts first, as in transformers
     * 5.24 ({@code standardize_rope_params}), unless kinds of layers have options of their own.
     */
    static ConfigFile withOriginal(ConfigFile options, ConfigFile whole) {
        return Optional.of(options)
                .filter(RotaryScaling::asksForOriginal)
                .flatMap(own -> whole.positiveIfPresent(ORIGINAL))
                .map(size -> options.without(List.of(ORIGINAL)).withSizes(Map.of(ORIGINAL, size)))
                .orElse(options);
    }

    /** The same, where the context before is all of it if nothing else is said. */
    static ConfigFile filledWithOriginal(ConfigFile options, ConfigFile whole, int context) {
        ConfigFile said = withOriginal(options, whole);
        return asksForOriginal(options) ? said.withSizes(Map.of(ORIGINAL, context)) : said;
    }

    private static boolean asksForOriginal(ConfigFile options) {
        return FROM_BEFORE.contains(kind(options));
    }

    /** Which pairs turn by which part of a position does not matter where the parts are the same. */
    private static boolean sections(ConfigFile options, String type) {
        options.numbers("mrope_section");
        options.flag("mrope_interleaved", false);
        return type.equals("mrope");
    }

    /** Where nothing says what the context was before, it is all of it, as in transformers 5.24. */
    private static Scaling llama3(ConfigFile options, int context) {
        double low = options.positiveNumber("low_freq_factor");
        double high = options.positiveNumber("high_freq_factor");
        if (low > high) {
            throw options.wrong("low_freq_factor", "should not be above high_freq_factor")
                    .found(low + ", " + high);
        }
        int original = options.positiveIfPresent(ORIGINAL).orElse(context);
        return new Llama3Scaling(options.positiveNumber("factor"), low, high, original);
    }

    /**
     * People turn it on and leave the context as it was: it is longer by the factor then. Where nothing says what it was
     * before, it is the whole context already.
     */
    private static Read yarn(ConfigFile options, double theta, int width, int context) {
        double factor = options.positiveNumber("factor");
        Optional<Integer> before = options.positiveIfPresent(ORIGINAL);
        int original = before.orElse(context);
        double fast = options.positiveNumberIfPresent("beta_fast").orElse(32.0);
        double slow = options.positiveNumberIfPresent("beta_slow").orElse(1.0);
        boolean truncate = options.flag("truncate", true);
        double low = turningPair(fast, original, theta, width);
        double high = turningPair(slow, original, theta, width);
        double first = Math.max(truncate ? Math.floor(low) : low, 0);
        double last = Math.min(truncate ? Math.ceil(high) : high, width - 1);
        Optional<Double> above = options.positiveNumberIfPresent("mscale");
        Optional<Double> below = options.positiveNumberIfPresent("mscale_all_dim");
        double inferred = above.isPresent() && below.isPresent()
                ? magnitude(factor, above.get()) / magnitude(factor, below.get())
                : magnitude(factor, 1);
        double magnitude = options.positiveNumberIfPresent("attention_factor").orElse(inferred);
        YarnScaling scaling = new YarnScaling(factor, first, first == last ? last + 0.001 : last, magnitude);
        double extended = before.isPresent() ? Math.min(Integer.MAX_VALUE, Math.floor(original * factor)) : context;
        return new Read(scaling, (int) Math.max(context, extended));
    }

    /** The pair, counted in fractions, that turns so many times over the original context. */
    private static double turningPair(double turns, int original, double theta, int width) {
        return width * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static double magnitude(double factor, double weight) {
        return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
    }

    private static String kind(ConfigFile options) {
        Optional<String> old = options.text("type");
        return options.text("rope_type").or(() -> old).orElse(UNSCALED);
    }

    /** What scores are multiplied by for a longer context, where queries and keys are only turned in part, and not stretched. */
    static double sharpening(ConfigFile config) {
        return Stream.of("rope_parameters", "rope_scaling")
                .flatMap(key -> config.object(key).stream())
                .findFirst()
                .filter(options -> !kind(options).equals(UNSCALED))
                .flatMap(options -> options.positiveNumberIfPresent("mscale_all_dim")
                        .map(weight -> Math.pow(magnitude(options.positiveNumber("factor"), weight), 2)))
                .orElse(1.0);
    }

    /** The context before LongRoPE, where its short range ends. */
    static Optional<Integer> original(ConfigFile config) {
        return config.positiveIfPresent(ORIGINAL)
                .or(() -> Stream.of("rope_parameters", "rope_scaling")
                        .flatMap(key -> config.object(key).stream())
                        .flatMap(options -> options.positiveIfPresent(ORIGINAL).stream())
                        .findFirst());
    }

    /** Past its short range it has other factors. */
    private static Read longRope(Settings settings, ConfigFile options, RotaryStyle style, int width, int context) {
        List<Double> shortFactors = factors(options, "short_factor", width);
        List<Double> longFactors = factors(options, "long_factor", width);
        int original = options.positiveIfPresent(ORIGINAL).orElse(context);
        double factor = options.positiveNumberIfPresent("factor").orElse((double) context / original);
        double inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
        double magnitude = options.positiveNumberIfPresent("attention_factor").orElse(inferred);
        double shortMagnitude = style.weighed() ? options.positiveNumber("short_mscale") : magnitude;
        double longMagnitude = style.weighed() ? options.positiveNumber("long_mscale") : magnitude;
        boolean throughout = style.longThroughout() && original < context;
        return throughout || settings.range() == RopeRange.LONG
                ? new Read(new LongRopeScaling(longFactors, longMagnitude, context), context)
                : new Read(
                        new LongRopeScaling(
                                shortFactors, shortMagnitude, original, original < context ? longFactors : List.of()),
                        Math.min(context, original));
    }

    private static List<Double> factors(ConfigFile options, String key, int width) {
        List<Double> factors = options.numbers(key);
        if (factors.size() != width / 2 || factors.stream().anyMatch(factor -> !(factor > 0))) {
            throw options.wrong(key, "not a positive factor for each pair of elements that turn")
                    .found(factors.size() + " factors")
                    .expected(width / 2);
        }
        return factors;
    }
}
