package dev.twofold.passes.quantize;

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
import org.jspecify.annotations.Nullable;

/**
 * Leaves it to a measurement which matrices {@code quantize} rounds to 8 bits: those whose rounding costs most for each byte that it
 * saves, until what is left costs no more than a limit. It measures before any pass runs, and its places then stand in the recipe.
 */
public final class ChooseBits implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "choose-bits",
            "measure what rounding each matrix costs, and keep 8 bits where it costs most",
            "- choose-bits: {max-loss: 3%, tokens: 16384}   or {shared: true}, with a choose-pairs of a max-loss on some hardware",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            ChooseBits::new);

    /** What users get who do not say. */
    private static final LossLimit DEFAULT_LIMIT = LossLimit.valueOf("3%");

    private static final int DEFAULT_TOKENS = 16_384;

    /**
     * @param maxLoss the largest rise of the perplexity by rounding, 3% if not given
     * @param tokens to round by, and to measure on one of eight of them; 16,384 if not given
     * @param shared whether the limit is that of {@code choose-pairs}, for both together: what is then chosen is what is predicted
     *     to be fastest on its hardware
     */
    public record Options(
            @JsonProperty("max-loss") @Nullable LossLimit maxLoss,
            @Nullable Integer tokens,
            @Nullable Boolean shared) {

        /** A limit that steps have to share. */
        public static final Options SHARED = new Options(null, null, true);

        /** A limit of its own, or the default. */
        public static Options within(@Nullable LossLimit limit) {
            return new Options(limit, null, null);
        }

        public boolean isShared() {
            return Boolean.TRUE.equals(shared);
        }

        public LossLimit limit() {
            return maxLoss == null ? DEFAULT_LIMIT : maxLoss;
        }

        public int tokenCount() {
            return tokens == null ? DEFAULT_TOKENS : tokens;
        }
    }

    private final Options options;

    public ChooseBits(Options options) {
        this.options = options;
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (options.isShared() && options.maxLoss() != null) {
            return Optional.of(new NotApplicable(
                    "a limit is either its own or shared", "leave out max-loss: that of choose-pairs is meant"));
        }
        return options.tokenCount() < 1
                ? Optional.of(new NotApplicable(
                        "it cannot measure on " + options.tokenCount() + " tokens",
                        "write, for example, tokens: 16384"))
                : Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder;
    }
}
