package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.CalibrationText;
import dev.twofold.inspection.FitSession;
import dev.twofold.measure.TokenHash;
import dev.twofold.ort.Provider;
import dev.twofold.pass.FitFinding;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import java.util.List;
import java.util.Optional;

/**
 * The text that a recipe's {@code compensate} is fitted to, by which the fit can be repeated.
 *
 * @param hash SHA-256 of its tokens
 * @param tokens how many they are
 */
record FittedText(String hash, int tokens) {

    static FittedText of(CalibrationText text) {
        return new FittedText(TokenHash.of(text.windows()), text.tokens());
    }

    /**
     * The request with this text in place of the one asked for, and what it is fitted on.
     *
     * @throws TwofoldException of kind INPUT if another text was asked for
     */
    PassRequest<Compensate.Options> on(Provider provider, PassRequest<Compensate.Options> request) {
        requireAsked(request.options(), request.origin(), "give --text the text whose hash the pipeline names");
        return request.with(request.options().fitted(hash, tokens, provider.toString()));
    }

    /** A recipe with the ridges that its fits chose, so that a repetition need not search. */
    static Recipe recorded(Recipe recipe, FitSession.Fits fits) {
        PassRequest<Compensate.Options> request = recipe.find(Compensate.SPEC).orElseThrow();
        List<Double> ridges = fits.findings().stream().map(FitFinding::ridge).toList();
        return recipe.replace(request, request.with(request.options().found(ridges)));
    }

    /** @throws TwofoldException of kind INPUT if a text is not the one that was fitted to */
    void requireAsked(Compensate.Options options, String origin, String hint) {
        Optional.ofNullable(options.text()).filter(asked -> !asked.equals(hash)).ifPresent(asked -> {
            throw TwofoldException.input("the model was compensated on another text")
                    .at(origin)
                    .found("tokens of SHA-256 " + hash)
                    .expected(asked)
                    .hint(hint);
        });
    }
}
