package dev.twofold.checkpoint;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LinearScaling;
import dev.twofold.decoder.Rotary.Llama3Scaling;
import dev.twofold.decoder.Rotary.Scaling;
import dev.twofold.decoder.Rotary.Unscaled;
import java.util.Optional;
import java.util.Set;

/**
 * Reads rotary positions, in the form of transformers 4 ({@code rope_theta}, {@code rope_scaling}) or of transformers 5
 * ({@code rope_parameters}).
 */
final class RotaryConfig {

    private static final double DEFAULT_THETA = 10_000;

    private RotaryConfig() {}

    static Rotary read(ConfigFile config, int headSize, int positions) {
        if (headSize % 2 != 0) {
            throw config.wrong("head_dim", "rotary positions need an even head size")
                    .found(headSize);
        }
        Optional<ConfigFile> parameters = config.object("rope_parameters");
        Optional<ConfigFile> scaling = config.object("rope_scaling");
        if (parameters.isPresent() && scaling.isPresent()) {
            throw config.wrong("rope_scaling", "rope_parameters says the same thing, perhaps differently")
                    .hint("keep one of the two");
        }
        Optional<Double> outer = config.positiveNumberIfPresent("rope_theta");
        double theta = parameters
                .flatMap(inner -> inner.positiveNumberIfPresent("rope_theta"))
                .or(() -> outer)
                .orElse(DEFAULT_THETA);
        return new Rotary(
                theta,
                headSize,
                parameters.or(() -> scaling).map(RotaryConfig::scaling).orElseGet(Unscaled::new),
                positions);
    }

    private static Scaling scaling(ConfigFile options) {
        Optional<String> old = options.text("type");
        String type = options.text("rope_type").or(() -> old).orElse("default");
        Scaling scaling = switch (type) {
            case "default" -> new Unscaled();
            case "linear" -> new LinearScaling(options.positiveNumber("factor"));
            case "llama3" -> llama3(options);
            default ->
                throw options.wrong("rope_type", "unsupported rotary scaling")
                        .found(type)
                        .expected("default, linear or llama3");
        };
        options.refuseOthers(Set.of("rope_theta"));
        return scaling;
    }

    private static Scaling llama3(ConfigFile options) {
        double low = options.positiveNumber("low_freq_factor");
        double high = options.positiveNumber("high_freq_factor");
        if (low >= high) {
            throw options.wrong("low_freq_factor", "should be below high_freq_factor")
                    .found(low + ", " + high);
        }
        return new Llama3Scaling(
                options.positiveNumber("factor"), low, high, options.positive("original_max_position_embeddings"));
    }
}
