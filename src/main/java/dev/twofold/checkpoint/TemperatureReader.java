package dev.twofold.checkpoint;

import dev.twofold.decoder.Temperature;
import dev.twofold.family.TemperatureStyle;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads what queries are multiplied by, by position. */
record TemperatureReader(Settings settings, TemperatureStyle style) {

    /**
     * Empty if there is nothing of it within the context.
     *
     * @param positions the context
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if nothing says how large it is: transformers fails there, too
     */
    Optional<Temperature> read(int positions) {
        if (!style.isPresent()) {
            return Optional.empty();
        }
        Settings own = style.besideRotary() ? besideRotary(positions) : settings;
        double weight = own.numberOrZero(style.weight())
                .orElseThrow(() -> own.config().missing(style.weight().key()));
        int every = own.size(style.every());
        if (weight == 0 || !settings.flag(style.when(), true)) {
            return Optional.empty();
        }
        return Optional.of(new Temperature(weight, every, style.offset(), positions))
                .filter(temperature -> !temperature.idle());
    }

    private Settings besideRotary(int positions) {
        ConfigFile config = settings.config();
        ConfigFile options = Stream.of("rope_parameters", "rope_scaling")
                .flatMap(key -> config.object(key).stream())
                .findFirst()
                .orElseThrow(() -> config.missing("rope_parameters"));
        ConfigFile filled = RotaryScaling.filledWithOriginal(options, config, positions);
        return new Settings(filled, settings.unknown(), settings.range());
    }
}
