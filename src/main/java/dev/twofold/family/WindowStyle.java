package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * Sliding windows. Where the family's class reads a list of kinds of layers, it says which have one; without it, the rest here.
 *
 * @param size in tokens, the query's own included
 * @param when whether there are windows; there are if nothing is said
 * @param from the first layer with one
 * @param fullEvery every so many layers, one sees everything
 * @param fullFirst whether that is the first of them, not the last
 * @param listed key of config.json: a kind for each layer; none if the family's class reads no such list
 */
public record WindowStyle(
        Setting size, Setting when, Setting from, Setting fullEvery, boolean fullFirst, String listed) {
    static final WindowStyle ABSENT =
            new WindowStyle(Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE, false, "");

    public WindowStyle {
        required("size", size);
        when = Setting.orNone(when);
        from = Setting.orNone(from);
        fullEvery = Setting.orNone(fullEvery);
        listed = listed == null ? "" : listed;
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
