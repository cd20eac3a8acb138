package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * The feed-forward.
 *
 * @param norm of what it reads; the stream itself if not given
 * @param gate none if not given
 * @param gateUp one matrix in place of gate and up, gate first
 * @param bias of all projections
 * @param numbers that an activation has, which were trained
 * @param steepness of a clamped swish
 * @param limit likewise
 * @param experts of which this is one, {@code {expert}} in the names of its projections
 */
public record FeedForwardStyle(
        String norm,
        String resultNorm,
        String gate,
        String up,
        String gateUp,
        String down,
        Setting bias,
        Setting activation,
        NumbersStyle numbers,
        Setting steepness,
        Setting limit,
        ExpertsStyle experts) {

    /** Stands for the number of an expert. */
    public static final String EXPERT = "{expert}";

    public FeedForwardStyle {
        required("down", down);
        required("activation", activation);
        norm = norm == null ? "" : norm;
        resultNorm = resultNorm == null ? "" : resultNorm;
        gate = gate == null ? "" : gate;
        up = up == null ? "" : up;
        gateUp = gateUp == null ? "" : gateUp;
        numbers = numbers == null ? NumbersStyle.ABSENT : numbers;
        experts = experts == null ? ExpertsStyle.ABSENT : experts;
        bias = Setting.orNone(bias);
        steepness = Setting.orNone(steepness);
        limit = Setting.orNone(limit);
    }

    /** The names of one expert. */
    public FeedForwardStyle expert(int number) {
        return named(named(gate, number), named(up, number), named(gateUp, number), named(down, number), experts);
    }

    /** The names of a layer without experts. */
    public FeedForwardStyle dense() {
        ExpertsStyle.DenseStyle plain = experts.dense();
        return named(plain.gate(), plain.up(), "", plain.down(), ExpertsStyle.ABSENT);
    }

    /** The names of the expert that every token gets. */
    public FeedForwardStyle shared() {
        ExpertsStyle.SharedStyle own = experts.shared();
        return named(own.gate(), own.up(), own.gateUp(), own.down(), ExpertsStyle.ABSENT);
    }

    /** The same with projections of other names. */
    private FeedForwardStyle named(
            String otherGate, String otherUp, String otherGateUp, String otherDown, ExpertsStyle others) {
        return new FeedForwardStyle(
                norm,
                resultNorm,
                otherGate,
                otherUp,
                otherGateUp,
                otherDown,
                bias,
                activation,
                numbers,
                steepness,
                limit,
                others);
    }

    /** Whole tensors, each of one number, of xIELU. */
    public record NumbersStyle(String rising, String falling, String slope) {
        static final NumbersStyle ABSENT = new NumbersStyle("", "", "");

        public NumbersStyle {
            required("rising", rising);
            required("falling", falling);
            required("slope", slope);
        }

        public boolean isPresent() {
            return !rising.isEmpty();
        }
    }

    private static String named(String pattern, int number) {
        return pattern.replace(EXPERT, String.valueOf(number));
    }
}
