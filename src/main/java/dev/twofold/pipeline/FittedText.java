package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.CalibrationText;
import dev.twofold.inspection.FitSession;
import dev.twofold.inspection.Host;
import dev.twofold.measure.TokenHash;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.FitFinding;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.TextFits;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The text that passes of a recipe are fitted to, by which the fits can be repeated.
 *
 * @param hash SHA-256 of its tokens
 * @param tokens how many they are
 */
record FittedText(String hash, int tokens) {

    static FittedText of(CalibrationText text) {
        return new FittedText(TokenHash.of(text.windows()), text.tokens());
    }

    /**
     * The recipe with this text in place of the one asked for, and what it is fitted on.
     *
     * @throws TwofoldException of kind INPUT if another text was asked for
     */
    Recipe on(Provider provider, TextFits fits) {
        requireAsked(fits, fits.origin(), "give the text that the pipeline names with --text");
        return fits.on(hash, tokens, StepEngine.computing(provider).toString());
    }

    /** A host on what fits say that they ran on, if they say so. */
    static Host host(TextFits fits, Host host) {
        return Stream.of(Provider.CPU, Provider.CUDA)
                .filter(candidate ->
                        fits.provider().filter(candidate.toString()::equals).isPresent())
                .findFirst()
                .map(host::with)
                .orElse(host);
    }

    /** A recipe with the ridges that its compensation chose, so that a repetition need not search. */
    static Recipe recorded(Recipe recipe, FitSession.Fits fits) {
        List<Double> ridges = fits.findings().stream().map(FitFinding::ridge).toList();
        Optional<PassRequest<Compensate.Options>> asked = recipe.find(Compensate.SPEC);
        return asked.map(request ->
                        recipe.replace(request, request.with(request.options().found(ridges))))
                .orElse(recipe);
    }

    /** @throws TwofoldException of kind INPUT if a text is not the one that was fitted to */
    void requireAsked(TextFits fits, String origin, String hint) {
        fits.text().filter(asked -> !asked.equals(hash)).ifPresent(asked -> {
            throw TwofoldException.input("the model was fitted to another text")
                    .at(origin)
                    .found("tokens of SHA-256 " + hash)
                    .expected(asked)
                    .hint(hint);
        });
    }
}
