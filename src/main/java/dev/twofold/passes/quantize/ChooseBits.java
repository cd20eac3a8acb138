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
            "- choose-bits: {max-loss: 3%, tokens: 4096}",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            ChooseBits::new);

    /** What users get who do not say. */
    private static final LossLimit DEFAULT_LIMIT = LossLimit.valueOf("3%");

    private static final int DEFAULT_TOKENS = 4096;

    /**
     * @param maxLoss the largest rise of the perplexity by rounding, 3% if not given
     * @param tokens to measure on, 4096 if not given
     */
    public record Options(
            @JsonProperty("max-loss") @Nullable LossLimit maxLoss,
            @Nullable Integer tokens) {

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
        return options.tokenCount() < 1
                ? Optional.of(new NotApplicable(
                        "it cannot measure on " + options.tokens() + " tokens", "write, for example, tokens: 4096"))
                : Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder;
    }
}
