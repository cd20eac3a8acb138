package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * Sliding windows. The key {@code layer_types} of config.json says which layers have one; without it, the rest here.
 *
 * @param size in tokens, the query's own included
 * @param when whether there are windows; there are if nothing is said
 * @param from the first layer with one
 * @param fullEvery every so many layers, one sees everything
 */
public record WindowStyle(Setting size, Setting when, Setting from, Setting fullEvery) {
    static final WindowStyle ABSENT = new WindowStyle(Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE);

    public WindowStyle {
        required("size", size);
        when = Setting.orNone(when);
        from = Setting.orNone(from);
        fullEvery = Setting.orNone(fullEvery);
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
