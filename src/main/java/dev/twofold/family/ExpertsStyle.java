package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;

/**
 * A mixture of experts.
 *
 * @param count how many there are; where it may be 0, there is the shared one alone then
 * @param chosen how many a token gets
 * @param score what the router's results become: {@code softmax}, if nothing is said, or {@code sigmoid}
 * @param correction a whole tensor, of scores for the choice alone; none if not given
 * @param normed whether the chosen scores are divided by their sum
 * @param near how far below a chosen expert those are, for their size, that it has its share among; there is no such limit if nothing is said
 * @param scale what their sum is multiplied by
 * @param groups that experts are chosen by; none if not given
 * @param gateUp one tensor of gate and up of all experts, {@code [experts, 2 * width, hidden]}, which counts where it is there
 * @param down one tensor of down of all experts, {@code [experts, hidden, width]}
 * @param transposed whether these two are {@code [experts, in, out]}
 * @param bothWays whether one of them whose shape is that of one which is not transposed is none
 * @param interleaved whether gates and ups take turns
 * @param biased whether the router has a bias, and the experts theirs in tensors whose names end in {@code _bias}
 * @param weighsInputs whether what experts read is multiplied by their scores, rather than what they make
 * @param listed key of config.json: a list of the numbers of layers with experts, which counts in place of {@code every}; none if
 *     there is no such key
 * @param every of so many layers, the last has experts; all have them if nothing is said
 * @param from the first layer with experts
 * @param to the last one; the last of all if nothing or -1 is said
 * @param dense what the other layers have
 * @param shared an expert that every token gets beside those that are chosen
 */
public record ExpertsStyle(
        String router,
        Setting count,
        Setting chosen,
        Score score,
        String correction,
        Setting normed,
        Setting near,
        Setting scale,
        GroupsStyle groups,
        String gateUp,
        String down,
        boolean transposed,
        boolean bothWays,
        boolean interleaved,
        boolean biased,
        boolean weighsInputs,
        String listed,
        Setting every,
        Setting from,
        Setting to,
        DenseStyle dense,
        SharedStyle shared) {
    static final ExpertsStyle ABSENT = new ExpertsStyle(
            "",
            Setting.NONE,
            Setting.NONE,
            Score.SOFTMAX,
            "",
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            GroupsStyle.ABSENT,
            "",
            "",
            false,
            false,
            false,
            false,
            false,
            "",
            Setting.NONE,
            Setting.NONE,
            Setting.NONE,
            DenseStyle.ABSENT,
            SharedStyle.ABSENT);

    public ExpertsStyle {
        required("router", router);
        required("count", count);
        required("chosen", chosen);
        score = score == null ? Score.SOFTMAX : score;
        correction = correction == null ? "" : correction;
        normed = Setting.orNone(normed);
        near = Setting.orNone(near);
        scale = Setting.orNone(scale);
        groups = groups == null ? GroupsStyle.ABSENT : groups;
        gateUp = gateUp == null ? "" : gateUp;
        down = down == null ? "" : down;
        listed = listed == null ? "" : listed;
        every = Setting.orNone(every);
        from = Setting.orNone(from);
        to = Setting.orNone(to);
        shared = shared == null ? SharedStyle.ABSENT : shared;
        dense = dense == null ? DenseStyle.ABSENT : dense;
    }

    public boolean isPresent() {
        return !router.isEmpty();
    }

    /** What a router's results become. */
    public enum Score {
        SOFTMAX,
        SIGMOID;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * Groups of experts, the best of which are chosen first.
     *
     * @param count how many there are; none if it is null
     * @param chosen how many a token gets experts of; where all are, there are none
     * @param by what a group's own score is
     */
    public record GroupsStyle(Setting count, Setting chosen, Setting by) {
        static final GroupsStyle ABSENT = new GroupsStyle(Setting.NONE, Setting.NONE, Setting.NONE);

        public GroupsStyle {
            required("count", count);
            required("chosen", chosen);
            required("by", by);
        }

        public boolean isPresent() {
            return !this.equals(ABSENT);
        }
    }

    /** What the score of a group is. */
    public enum GroupScore {
        /** There are no groups. */
        NONE(0),
        /** Its largest score. */
        LARGEST(1),
        /** The sum of its two largest. */
        TWO_LARGEST(2);

        private final int best;

        GroupScore(int best) {
            this.best = best;
        }

        /** How many of its largest scores are summed. */
        public int best() {
            return best;
        }

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /**
     * An expert that every token gets.
     *
     * @param gateUp one matrix in place of gate and up, gate first
     * @param width of each of the experts that it stands for
     * @param count of these; one if nothing is said, and there is none if it is 0
     * @param weighing the router of this expert alone, whose sigmoid it is multiplied by; none if not given
     */
    public record SharedStyle(
            String gate, String up, String gateUp, String down, Setting width, Setting count, String weighing) {
        static final SharedStyle ABSENT = new SharedStyle("", "", "", "", Setting.NONE, Setting.NONE, "");

        public SharedStyle {
            gateUp = gateUp == null ? "" : gateUp;
            if (gateUp.isEmpty()) {
                required("gate", gate);
                required("up", up);
            }
            gate = gate == null ? "" : gate;
            up = up == null ? "" : up;
            required("down", down);
            required("width", width);
            count = Setting.orNone(count);
            weighing = weighing == null ? "" : weighing;
        }

        public boolean isPresent() {
            return !down.isEmpty();
        }
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
