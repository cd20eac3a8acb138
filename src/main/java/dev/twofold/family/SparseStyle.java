package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * Attention that leaves most of a longer text out, which is not computed here.
 *
 * @param key of config.json: the settings of such an attention; where it is absent or null, there is none
 * @param beyond key in these: as long as texts are shorter, all of them is seen; never where it is not positive
 * @param otherwise what its absence means
 */
public record SparseStyle(String key, String beyond, int otherwise) {
    static final SparseStyle ABSENT = new SparseStyle("", "", 0);

    public SparseStyle {
        required("key", key);
        required("beyond", beyond);
    }

    public boolean isPresent() {
        return !key.isEmpty();
    }
}
