package dev.twofold.passes.analysis;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.twofold.decoder.Decoder;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Asks for the layers of the {@code pair-layers} that follows to be measured and chosen.
 *
 * <pre>
 * before                                   after choosing
 *   - choose-pairs: {max-loss: 1%}
 *   - pair-layers                            - pair-layers: {pairs: [2-3, 4-5, 7-8]}
 * </pre>
 *
 * <p>The choice is made while the plan is drawn up, and only its outcome is run and recorded, so that a plan can be run
 * again without measuring. Does not apply once layers were rearranged: it measures the checkpoint as it is.
 */
public final class ChoosePairs implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "choose-pairs",
            "measure which layers and steps can run side by side, for the pair-layers and merge-steps that follow",
            "- choose-pairs: {max-loss: 1%}   or {depth: 12}, {steps: 18}, {speedup: 1.2, hardware: h100-sxm}; also group: 4, tokens: 4096",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            ChoosePairs::new);

    /** Layers in the largest group, if nothing else is asked for. */
    public static final int DEFAULT_GROUP = 4;

    /** Steps in the longest run that is measured. */
    public static final int LONGEST_RUN = 4;

    private static final double MOST_SPEEDUP = 10;

    /**
     * @param maxLoss the largest rise of the perplexity; 1% if nothing is asked for
     * @param depth the effective depth to reach
     * @param steps to save at least, by merging steps
     * @param speedup that decoding is predicted to gain at least, such as 1.2
     * @param hardware that times are predicted for: with a largest loss, the fastest plan there is sought, not the shallowest
     * @param group layers in the largest group, 4 if not given
     * @param tokens of the calibration text, 4096 if not given
     */
    public record Options(
            @JsonProperty("max-loss") @Nullable LossLimit maxLoss,
            @Nullable Integer depth,
            @Nullable Integer steps,
            @Nullable Double speedup,
            @Nullable String hardware,
            @Nullable Integer group,
            @Nullable Integer tokens) {

        /** Nothing said. */
        public static final Options NONE = new Options(null, null, null, null, null, null, null);

        /** What plans are chosen by; one of these at most is given. */
        private long goals() {
            return Stream.of(maxLoss, depth, steps, speedup)
                    .filter(Objects::nonNull)
                    .count();
        }

        /** Whether plans are made of steps that merge too, not of layers only. */
        public boolean mergesSteps() {
            return steps != null || hardware != null;
        }

        public int groupLimit() {
            return group == null ? DEFAULT_GROUP : group;
        }
    }

    private final Options options;

    public ChoosePairs(Options options) {
        this.options = options;
    }

    public Options options() {
        return options;
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (options.goals() > 1) {
            return problem("it has more than one of max-loss, depth, steps and speedup", "leave one of them");
        }
        if (options.mergesSteps()) {
            return checkSteps(facts).or(() -> checkUntouched(facts));
        }
        if (options.speedup() != null) {
            return problem(
                    "a speed-up is one on some hardware", "add hardware: h100-sxm, or another that estimate knows");
        }
        if (options.groupLimit() < 2) {
            return problem("a group holds two layers or more, not " + options.groupLimit(), "write group: 2 or more");
        }
        if (options.tokens() != null && options.tokens() < 1) {
            return problem("it cannot measure on " + options.tokens() + " tokens", "write, for example, tokens: 4096");
        }
        int layers = facts.layers();
        int shallowest = (layers - 1) / options.groupLimit() + 1;
        if (options.depth() != null && (options.depth() > layers || options.depth() < shallowest)) {
            return problem(
                    "groups of up to " + options.groupLimit() + " cannot bring " + layers
                            + " layers to an effective depth of " + options.depth(),
                    "ask for a depth of " + shallowest + " to " + layers);
        }
        return checkUntouched(facts);
    }

    private Optional<NotApplicable> checkSteps(Facts facts) {
        if (options.group() != null) {
            return problem("the size of groups goes with a depth or a largest loss alone", "leave out group");
        }
        if (options.depth() != null || (options.steps() != null && options.hardware() != null)) {
            return problem(
                    "a number of " + (options.steps() == null ? "layers" : "steps") + " is the same on any hardware",
                    "leave out hardware, or ask for a speedup in place of it");
        }
        if (options.speedup() != null && !(options.speedup() > 1 && options.speedup() < MOST_SPEEDUP)) {
            return problem(
                    "a speed-up of " + options.speedup() + " is none to look for", "write, for example, speedup: 1.2");
        }
        int most = mostSteps(facts);
        return options.steps() != null && (options.steps() < 1 || options.steps() > most)
                ? problem(
                        "merged steps cannot save " + options.steps() + " of "
                                + facts.steps().size() + " steps",
                        "ask for 1 to " + most)
                : Optional.empty();
    }

    /** Steps that plans can save. */
    private static int mostSteps(Facts facts) {
        int steps = facts.steps().size();
        return steps > facts.layers() ? steps - (steps - 1) / LONGEST_RUN - 1 : facts.layers() / 2;
    }

    private static Optional<NotApplicable> checkUntouched(Facts facts) {
        int layers = facts.layers();
        boolean untouched =
                facts.order().equals(IntStream.range(0, layers).boxed().toList())
                        && facts.groups().size() == layers;
        return untouched
                ? Optional.empty()
                : problem(
                        "it measures the checkpoint as it is, and layers were rearranged before",
                        "put it and its pair-layers first");
    }

    private static Optional<NotApplicable> problem(String reason, String hint) {
        return Optional.of(new NotApplicable(reason, hint));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder;
    }
}
