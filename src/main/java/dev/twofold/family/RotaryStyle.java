package dev.twofold.family;

import static dev.twofold.family.Family.required;

import java.util.List;

/**
 * Rotary positions. {@code rope_parameters} and {@code rope_scaling} of config.json are read as well.
 *
 * @param when whether there are any: a word that means {@code yes}; there are if nothing is said
 * @param theta the base
 * @param localTheta the base in layers with a window, which are not scaled; the same as elsewhere if nothing is said
 * @param fraction of a head that turns
 * @param counted the same where the fraction is not said
 * @param interleaved whether neighbours turn together
 * @param scalings that the family knows; default, linear, llama3, yarn and dynamic if nothing is said
 * @param listed key of config.json: a list with 0 for each layer without positions
 * @param skipEvery without that list, every so many layers one has no positions
 * @param windowed whether only layers with a window have positions
 * @param unwindowed whether, if there are no windows at all, all layers have them
 * @param scaled whether something has to be said of a scaling
 * @param stretched whether the dynamic scaling has an {@code alpha}, which stretches the base whatever the length is
 * @param sharpened whether YaRN's {@code mscale_all_dim} makes scores larger as well
 * @param besides keys of {@code rope_parameters} that something else reads, or nothing
 * @param sections whether positions have three parts, time, height and width, which are the same for text
 * @param longThroughout whether, where the context is longer than the original one, LongRoPE's factors for longer texts count for
 *     texts of any length
 * @param weighed whether LongRoPE says by a number of its own what cosines and sines are multiplied by in each range
 * @param original what the class has for the context before a scaling where the whole of config.json says nothing; 0 if it has none
 */
public record RotaryStyle(
        Setting when,
        Setting theta,
        Setting localTheta,
        Setting fraction,
        Setting counted,
        Setting interleaved,
        List<String> scalings,
        String listed,
        Setting skipEvery,
        boolean windowed,
        boolean unwindowed,
        boolean scaled,
        boolean stretched,
        boolean sharpened,
        List<String> besides,
        boolean sections,
        boolean longThroughout,
        boolean weighed,
        int original) {

    static final RotaryStyle ABSENT = new RotaryStyle(
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            List.of(),
            "",
            Setting.NONE,
            false,
            false,
            false,
            false,
            false,
            List.of(),
            false,
            false,
            false,
            0);

    public RotaryStyle {
        when = Setting.orNone(when);
        required("theta", theta);
        localTheta = Setting.orNone(localTheta);
        fraction = Setting.orNone(fraction);
        counted = Setting.orNone(counted);
        interleaved = Setting.orNone(interleaved);
        scalings = scalings == null ? List.of("default", "linear", "llama3", "yarn", "dynamic") : List.copyOf(scalings);
        listed = listed == null ? "" : listed;
        skipEvery = Setting.orNone(skipEvery);
        besides = besides == null ? List.of() : List.copyOf(besides);
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
