package dev.twofold.passes.analysis;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.twofold.decoder.Decoder;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
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
            "measure which layers can run side by side, for the pair-layers that follows",
            "- choose-pairs: {max-loss: 1%}   or {depth: 12}; also group: 4, tokens: 4096",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            ChoosePairs::new);

    /** Layers in the largest group, if nothing else is asked for. */
    public static final int DEFAULT_GROUP = 4;

    /**
     * @param maxLoss the largest rise of the perplexity; 1% if neither this nor a depth is given
     * @param depth the effective depth to reach
     * @param group layers in the largest group, 4 if not given
     * @param tokens of the calibration text, 4096 if not given
     */
    public record Options(
            @JsonProperty("max-loss") @Nullable LossLimit maxLoss,
            @Nullable Integer depth,
            @Nullable Integer group,
            @Nullable Integer tokens) {

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
        if (options.maxLoss() != null && options.depth() != null) {
            return problem("it has both a largest loss and a depth", "leave out one of the two");
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
