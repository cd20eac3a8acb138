package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * A mixture of experts.
 *
 * @param count how many there are
 * @param chosen how many a token gets
 * @param normed whether the chosen probabilities are divided by their sum
 * @param gateUp one tensor of gate and up of all experts, {@code [experts, 2 * width, hidden]}, which counts where it is there
 * @param down one tensor of down of all experts, {@code [experts, hidden, width]}
 * @param every of so many layers, the last has experts; all have them if nothing is said
 * @param dense what the other layers have
 */
public record ExpertsStyle(
        String router,
        Setting count,
        Setting chosen,
        Setting normed,
        String gateUp,
        String down,
        Setting every,
        DenseStyle dense) {
    static final ExpertsStyle ABSENT =
            new ExpertsStyle("", Setting.NONE, Setting.NONE, Setting.NONE, "", "", Setting.NONE, DenseStyle.ABSENT);

    public ExpertsStyle {
        required("router", router);
        required("count", count);
        required("chosen", chosen);
        normed = Setting.orNone(normed);
        gateUp = gateUp == null ? "" : gateUp;
        down = down == null ? "" : down;
        every = Setting.orNone(every);
        dense = dense == null ? DenseStyle.ABSENT : dense;
    }

    public boolean isPresent() {
        return !router.isEmpty();
    }

    /**
     * The feed-forward of layers without experts.
     *
     * @param listed key of config.json: a list of the numbers of such layers
     */
    public record DenseStyle(String listed, String gate, String up, String down, Setting width) {
        static final DenseStyle ABSENT = new DenseStyle("", "", "", "", Setting.NONE);

        public DenseStyle {
            listed = listed == null ? "" : listed;
            required("gate", gate);
            required("up", up);
            required("down", down);
            required("width", width);
        }

        public boolean isPresent() {
            return !down.isEmpty();
        }
    }
}
