package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * What queries are multiplied by, by position: {@code 1 + weight * ln(1 + floor((position + offset) / every))}.
 *
 * @param when whether they are; they are if nothing is said
 * @param besideRotary whether weight and every are keys of {@code rope_parameters}
 * @param offset of the first position
 * @param unturned whether only layers without positions have it
 */
public record TemperatureStyle(
        Setting when, Setting weight, Setting every, boolean besideRotary, int offset, boolean unturned) {
    static final TemperatureStyle ABSENT =
            new TemperatureStyle(Setting.NONE, Setting.NONE, Setting.NONE, false, 0, false);

    public TemperatureStyle {
        when = Setting.orNone(when);
        required("weight", weight);
        required("every", every);
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
