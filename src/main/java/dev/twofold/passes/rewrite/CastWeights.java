package dev.twofold.passes.rewrite;

import dev.twofold.decoder.Decoder;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.tensor.Precision;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the type that weights are stored and the model computes in.
 *
 * <p>It changes no expression: weights are evaluated in float32 and rounded once, when they are written, so folding
 * comes before rounding wherever this pass stands in a pipeline.
 */
public final class CastWeights implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "cast",
            "choose the type of weights and computation; folding comes before rounding, wherever this stands",
            "- cast: {dtype: fp16}",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(),
            Set.of(),
            CastWeights::new);

    /** @param dtype fp32, fp16 or bf16 */
    public record Options(@Nullable Precision dtype) {}

    private final @Nullable Precision dtype;

    public CastWeights(Options options) {
        this.dtype = options.dtype();
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return dtype == null
                ? Optional.of(new NotApplicable("it needs a dtype", "say which, such as dtype: fp16"))
                : Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return dtype == null ? decoder : decoder.withPrecision(dtype);
    }
}
