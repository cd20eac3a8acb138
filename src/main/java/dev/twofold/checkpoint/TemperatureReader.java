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
     */
    Optional<Temperature> read(int positions) {
        if (!style.isPresent()) {
            return Optional.empty();
        }
        Settings own = style.besideRotary() ? besideRotary() : settings;
        Optional<Double> weight = own.number(style.weight());
        int every = own.size(style.every());
        if (!settings.flag(style.when(), true)) {
            return Optional.empty();
        }
        return weight.map(each -> new Temperature(each, every, style.offset(), positions))
                .filter(temperature -> !temperature.idle());
    }

    private Settings besideRotary() {
        ConfigFile config = settings.config();
        ConfigFile options = Stream.of("rope_parameters", "rope_scaling")
                .flatMap(key -> config.object(key).stream())
                .findFirst()
                .orElseThrow(() -> config.missing("rope_parameters"));
        return new Settings(RotaryScaling.withOriginal(options, config), settings.unknown(), settings.range());
    }
}
