package dev.twofold.decoder;

import dev.twofold.diag.PlainName;
import dev.twofold.weight.Weight;
import java.util.Optional;

/**
 * Which experts a token gets, and how much each counts.
 *
 * @param score what becomes of the router's results
 * @param correction of the scores, {@code [experts]}, for the choice alone (Wang et al., 2024)
 * @param chosen how many experts a token gets: those of the largest scores
 * @param normed whether the chosen scores are divided by their sum
 * @param near where an expert's score is its share among those that are not chosen before it and whose results are near its own: a
 *     result {@code r} is near {@code m} unless {@code m - r > near max(|r|, m)} (SparseMixer, Liu et al., 2024)
 * @param weighsInputs whether an expert {@code F} that counts {@code p} adds {@code F(p x)}, not {@code p F(x)} (as in Llama 4)
 * @param groups of neighbouring experts, of which some are chosen first; all experts can be chosen if there are none
 */
public record Routing(
        Score score,
        Optional<Weight> correction,
        int chosen,
        boolean normed,
        Optional<Double> near,
        boolean weighsInputs,
        Optional<Groups> groups) {

    /** How many experts have their shares among those near: two, of which the second leaves out the first. */
    public static final int NEAR = 2;

    /**
     * Equal groups of experts, of which a token gets experts of the best alone (DeepSeek-AI, 2024).
     *
     * @param count how many there are
     * @param chosen how many of them a token gets experts of
     * @param best how many of its largest scores, corrected if any are, a group's own score is the sum of
     */
    public record Groups(int count, int chosen, int best) {}

    /** Weighs what experts make. */
    public Routing(Score score, Optional<Weight> correction, int chosen, boolean normed, Optional<Groups> groups) {
        this(score, correction, chosen, normed, Optional.empty(), false, groups);
    }

    /** Without groups, and weighs what experts make. */
    public Routing(Score score, Optional<Weight> correction, int chosen, boolean normed) {
        this(score, correction, chosen, normed, Optional.empty());
    }

    /**
     * Whether experts are ranked by the router's results: a sigmoid keeps their order, but in half precision rounds all large ones to
     * one, and the first of equals would be chosen.
     */
    public boolean ranksResults() {
        return (score == Score.SIGMOID || near.isPresent()) && correction.isEmpty() && groups.isEmpty();
    }

    /** The same, whose chosen scores are divided by their sum, or not. */
    public Routing withNormed(boolean other) {
        return new Routing(score, correction, chosen, other, near, weighsInputs, groups);
    }

    /** The same, which weighs what experts read, or what they make. */
    public Routing weighingInputs(boolean other) {
        return new Routing(score, correction, chosen, normed, near, other, groups);
    }

    /** By shares among experts that are near. */
    public static Routing among(double near) {
        return softmax(NEAR, false).withNear(Optional.of(near));
    }

    /** The same, whose scores are shares among experts that are near, or among all. */
    public Routing withNear(Optional<Double> other) {
        return new Routing(score, correction, chosen, normed, other, weighsInputs, groups);
    }

    /** What becomes of the router's results. */
    public enum Score {
        /** Probabilities that sum to one over all experts. */
        SOFTMAX,
        /** A number from 0 to 1 for each expert by itself. */
        SIGMOID;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /** By probabilities as they are. */
    public static Routing softmax(int chosen, boolean normed) {
        return new Routing(Score.SOFTMAX, Optional.empty(), chosen, normed);
    }

    /** One expert that every token gets, by so much as a sigmoid says. */
    public static Routing gate() {
        return new Routing(Score.SIGMOID, Optional.empty(), 1, false);
    }
}
