package dev.twofold.family;

import static dev.twofold.family.Family.required;

import java.util.Map;

/**
 * Windows of attentions. Where the family's class reads a list of kinds of layers, it says which have one; without it, the rest here.
 *
 * @param size in tokens, the query's own included
 * @param when whether there are windows; there are if nothing is said
 * @param from the first layer with one
 * @param fullEvery every so many layers, one sees everything
 * @param fullFirst whether that is the first of them, not the last
 * @param chunks whether windows begin at multiples of their size, rather than so many tokens back
 * @param turned whether, without a list, the layers with positions are those that have one
 * @param listed key of config.json: a kind for each layer; none if the family's class reads no such list
 * @param told whether that list has to be there
 * @param repeated key of config.json: the same list as lists of kinds and how often each comes; none if there is no such key
 * @param kinds what words of either list are called here, {@code full_attention} or {@code sliding_attention}, whatever kind of
 *     window it is; they are those if nothing is said
 */
public record WindowStyle(
        Setting size,
        Setting when,
        Setting from,
        Setting fullEvery,
        boolean fullFirst,
        boolean chunks,
        boolean turned,
        String listed,
        boolean told,
        String repeated,
        Map<String, String> kinds) {
    static final WindowStyle ABSENT = new WindowStyle(
            Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE, false, false, false, "", false, "", Map.of());

    public WindowStyle {
        required("size", size);
        when = Setting.orNone(when);
        from = Setting.orNone(from);
        fullEvery = Setting.orNone(fullEvery);
        listed = listed == null ? "" : listed;
        repeated = repeated == null ? "" : repeated;
        kinds = kinds == null ? Map.of() : Map.copyOf(kinds);
    }

    public boolean isPresent() {
        return !this.equals(ABSENT);
    }
}
