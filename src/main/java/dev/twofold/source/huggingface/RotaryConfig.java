package dev.twofold.source.huggingface;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.Scaling;
import dev.twofold.decoder.Rotary.Unscaled;
import dev.twofold.source.huggingface.family.RotaryStyle;
import dev.twofold.source.huggingface.family.Setting;
import java.util.Optional;
import java.util.Set;

/**
 * Reads rotary positions, in the form of transformers 4 ({@code rope_theta}, {@code rope_scaling}) or of transformers 5
 * ({@code rope_parameters}, perhaps by kind of layer).
 */
final class RotaryConfig {

    /** Kinds of layers, in {@code layer_types} and {@code rope_parameters}. */
    static final String FULL = "full_attention";

    static final String SLIDING = "sliding_attention";

    private static final Set<String> READ_BY_THETA = Set.of("rope_theta", "partial_rotary_factor");

    private final Settings settings;
    private final RotaryStyle style;
    private final ModelShape shape;
    private final String sizeKey;

    private RotaryConfig(Settings settings, RotaryStyle style, ModelShape shape, String sizeKey) {
        this.settings = settings;
        this.style = style;
        this.shape = shape;
        this.sizeKey = sizeKey;
    }

    /**
     * The positions of a model's layers.
     *
     * @param full of layers that see everything before them
     * @param sliding of layers with a window
     */
    record Positions(Rotary full, Rotary sliding) {}

    /** @param headSize the setting of the head size, for messages */
    static Positions read(Settings settings, RotaryStyle style, ModelShape shape, Setting headSize) {
        return new RotaryConfig(settings, style, shape, Settings.name(headSize, "head size")).read();
    }

    private Positions read() {
        ConfigFile config = settings.config();
        Optional<ConfigFile> parameters = config.object("rope_parameters");
        Optional<ConfigFile> scaling = config.object("rope_scaling");
        if (parameters.isPresent() && scaling.isPresent()) {
            throw config.wrong("rope_scaling", "rope_parameters says the same thing, perhaps differently")
                    .hint("copy the checkpoint, and remove the wrong one from the copy's config");
        }
        Optional<ConfigFile> byKind = parameters.filter(
                object -> object.object(FULL).or(() -> object.object(SLIDING)).isPresent());
        if (byKind.isPresent()) {
            ConfigFile kinds = byKind.get();
            Positions positions = new Positions(
                    rotary(style.theta(), kinds.object(FULL)), rotary(localTheta(), kinds.object(SLIDING)));
            kinds.refuseOthers(Set.of());
            return positions;
        }
        Optional<ConfigFile> one = parameters.or(() -> scaling);
        Rotary full = rotary(style.theta(), one);
        return new Positions(full, style.localTheta().equals(Setting.NONE) ? full : local(one));
    }

    /** Not scaled; where it has the base of the other layers by name, it has it by value too. */
    private Rotary local(Optional<ConfigFile> parameters) {
        boolean sameBase = style.localTheta().key().equals(style.theta().key());
        double theta = parameters
                .filter(inner -> sameBase)
                .flatMap(inner -> inner.positiveNumberIfPresent("rope_theta"))
                .or(() -> settings.number(style.localTheta()))
                .orElseThrow(() -> settings.config().missing(style.localTheta().key()));
        return new Rotary(theta, width(parameters), style.interleaved(), new Unscaled(), shape.context());
    }

    private Setting localTheta() {
        return style.localTheta().equals(Setting.NONE) ? style.theta() : style.localTheta();
    }

    private Rotary rotary(Setting thetaSetting, Optional<ConfigFile> options) {
        Optional<Double> outerTheta = settings.number(thetaSetting);
        double theta = options.flatMap(inner -> inner.positiveNumberIfPresent("rope_theta"))
                .or(() -> outerTheta)
                .orElseThrow(() -> settings.config().missing(thetaSetting.key()));
        int width = width(options);
        Scaling scaling = options.map(inner -> {
                    Scaling read = RotaryScaling.read(settings.config(), inner, style, theta, width, shape.context());
                    inner.refuseOthers(READ_BY_THETA);
                    return read;
                })
                .orElseGet(Unscaled::new);
        return new Rotary(
                theta, width, style.interleaved(), scaling, RotaryScaling.positions(scaling, shape.context()));
    }

    /** How many elements of a head turn. */
    private int width(Optional<ConfigFile> options) {
        Optional<Double> outerFraction = settings.number(style.fraction());
        double fraction = options.flatMap(inner -> inner.positiveNumberIfPresent("partial_rotary_factor"))
                .or(() -> outerFraction)
                .orElse(1.0);
        int width = (int) (shape.headSize() * fraction);
        if (width % 2 != 0 || width == 0 || width > shape.headSize()) {
            throw settings.config()
                    .wrong(sizeKey, "rotary positions need an even number of elements of each head")
                    .found(width + " of " + shape.headSize());
        }
        return width;
    }
}
