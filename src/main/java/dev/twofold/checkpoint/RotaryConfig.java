package dev.twofold.checkpoint;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.Unscaled;
import dev.twofold.family.RotaryStyle;
import dev.twofold.family.Setting;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads rotary positions, in the form of transformers 4 ({@code rope_theta}, {@code rope_scaling}) or of transformers 5
 * ({@code rope_parameters}, perhaps by kind of layer).
 */
final class RotaryConfig {

    /** Kinds of layers, in {@code layer_types} and {@code rope_parameters}. */
    static final String FULL = "full_attention";

    static final String SLIDING = "sliding_attention";

    private static final Set<String> READ_BY_THETA = Set.of("rope_theta", "partial_rotary_factor");
    /** Beside an alpha nothing reads them. */
    private static final Set<String> STRETCHED = Set.of(
            "rope_theta", "partial_rotary_factor", "factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim");

    private static final Set<String> KIND = Set.of("rope_type", "type");

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
    record Positions(Rotary full, Rotary sliding) {

        /** As many as all layers turn. */
        int count() {
            return Math.min(full.positions(), sliding.positions());
        }

        Positions upTo(int most) {
            return new Positions(full.upTo(most), sliding.upTo(most));
        }
    }

    /** @param headSize the setting of the head size, for messages */
    static Positions read(Settings settings, RotaryStyle style, ModelShape shape, Setting headSize) {
        return new RotaryConfig(settings, style, shape, Settings.name(headSize, "head size")).read();
    }

    private Positions read() {
        ConfigFile config = settings.config();
        Optional<ConfigFile> parameters = config.object("rope_parameters");
        Optional<ConfigFile> scaling = config.object("rope_scaling");
        scaling.filter(old -> parameters.isPresent() && !agree(old, parameters.get()))
                .ifPresent(old -> {
                    throw config.wrong("rope_scaling", "rope_parameters says something else")
                            .hint("copy the checkpoint, and remove the wrong one from the copy's config");
                });
        if (style.scaled() && parameters.isEmpty() && scaling.isEmpty()) {
            throw config.missing("rope_parameters");
        }
        Optional<ConfigFile> byKind = parameters.filter(
                object -> object.object(FULL).or(() -> object.object(SLIDING)).isPresent());
        if (byKind.isPresent()) {
            ConfigFile kinds = byKind.get();
            Rotary full = rotary(style.theta(), kinds.object(FULL));
            Rotary sliding = rotary(localTheta(), kinds.object(SLIDING));
            settings.unknown().checkPart(kinds, Set.of());
            return lengthened(full, sliding);
        }
        Optional<ConfigFile> one = parameters.or(() -> scaling);
        if (!style.localTheta().equals(Setting.NONE)) {
            return lengthened(rotary(style.theta(), one), local(one));
        }
        Rotary both = rotary(style.theta(), one.map(options -> RotaryScaling.withOriginal(options, config)));
        return new Positions(both, both);
    }

    /** What is not scaled holds for as many positions as what is. */
    private static Positions lengthened(Rotary full, Rotary sliding) {
        int longest = Math.max(full.positions(), sliding.positions());
        return new Positions(lengthened(full, longest), lengthened(sliding, longest));
    }

    private static Rotary lengthened(Rotary rotary, int positions) {
        return rotary.scaling() instanceof Unscaled
                ? new Rotary(rotary.theta(), rotary.width(), rotary.interleaved(), rotary.scaling(), positions)
                : rotary;
    }

    /** Files that are saved for both releases say the same thing twice; what the old form leaves out is beside it. */
    private boolean agree(ConfigFile old, ConfigFile current) {
        return kind(old).equals(kind(current))
                && Stream.concat(old.keys().stream(), current.keys().stream())
                        .filter(key -> !KIND.contains(key))
                        .allMatch(key -> current.agrees(key, old.lacks(key) ? settings.config() : old));
    }

    private static Optional<String> kind(ConfigFile options) {
        return options.text("rope_type").or(() -> options.text("type"));
    }

    /** Not scaled; where it has the base of the other layers by name, it has it by value too. */
    private Rotary local(Optional<ConfigFile> parameters) {
        boolean sameBase = style.localTheta().key().equals(style.theta().key());
        double theta = parameters
                .filter(inner -> sameBase)
                .flatMap(inner -> inner.positiveNumberIfPresent("rope_theta"))
                .or(() -> settings.number(style.localTheta()))
                .orElseThrow(() -> settings.config().missing(style.localTheta().key()));
        return new Rotary(theta, width(parameters), interleaved(), new Unscaled(), shape.context());
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
        Optional<Double> alpha = style.stretched()
                ? options.filter(inner -> kind(inner).equals(Optional.of("dynamic")))
                        .flatMap(inner -> inner.positiveNumberIfPresent("alpha"))
                : Optional.empty();
        if (alpha.isPresent() && width > 2) {
            // Whatever the length is, which the library's scaling of this name depends on.
            double stretched = theta * Math.pow(alpha.get(), width / (width - 2.0));
            options.ifPresent(inner -> settings.unknown().checkPart(inner, STRETCHED));
            return new Rotary(stretched, width, interleaved(), new Unscaled(), shape.context());
        }
        RotaryScaling.Read scaled = options.map(inner -> {
                    RotaryScaling.Read read = RotaryScaling.read(settings, inner, style, theta, width, shape.context());
                    settings.unknown().checkPart(inner, readBesides());
                    return read;
                })
                .orElseGet(() -> new RotaryScaling.Read(new Unscaled(), shape.context()));
        return new Rotary(theta, width, interleaved(), scaled.scaling(), scaled.positions());
    }

    private Set<String> readBesides() {
        return Stream.concat(READ_BY_THETA.stream(), style.besides().stream()).collect(Collectors.toUnmodifiableSet());
    }

    private boolean interleaved() {
        return settings.flag(style.interleaved(), false);
    }

    /** How many elements of a head turn. */
    private int width(Optional<ConfigFile> options) {
        Optional<Double> counted = settings.number(style.counted());
        Optional<Double> outerFraction = settings.number(style.fraction()).or(() -> counted);
        double fraction = options.flatMap(inner -> inner.positiveNumberIfPresent("partial_rotary_factor"))
                .or(() -> outerFraction)
                .orElse(1.0);
        int width = (int) (shape.turnable() * fraction);
        if (width % 2 != 0 || width == 0 || width > shape.turnable()) {
            throw settings.config()
                    .wrong(sizeKey, "rotary positions need an even number of elements of each head")
                    .found(width + " of " + shape.turnable());
        }
        return width;
    }
}
