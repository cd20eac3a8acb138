package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * A mixture of experts.
 *
 * @param count how many there are
 * @param chosen how many a token gets
 * @param normed whether the chosen probabilities are divided by their sum
 */
public record ExpertsStyle(String router, Setting count, Setting chosen, Setting normed) {
    static final ExpertsStyle ABSENT = new ExpertsStyle("", Setting.NONE, Setting.NONE, Setting.NONE);

    public ExpertsStyle {
        required("router", router);
        required("count", count);
        required("chosen", chosen);
        normed = Setting.orNone(normed);
    }

    public boolean isPresent() {
        return !router.isEmpty();
    }
}
