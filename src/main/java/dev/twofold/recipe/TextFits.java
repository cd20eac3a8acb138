package dev.twofold.recipe;

import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.quantize.Quantize;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The passes of a recipe that compute weights from a text: those that compensate, and those that round by it. One text serves all. */
public record TextFits(Recipe recipe) {

    /** Whether there are any. */
    public boolean any() {
        return recipe.has(Compensate.SPEC) || byText().findAny().isPresent();
    }

    private Stream<PassRequest<Quantize.Options>> byText() {
        return recipe.all(Quantize.SPEC).stream()
                .filter(request -> request.options().byText());
    }

    /** Tokens that the one which asks for most asks for. */
    public int tokens() {
        IntStream compensating = recipe.all(Compensate.SPEC).stream()
                .mapToInt(request -> request.options().tokens());
        IntStream rounding = byText().mapToInt(request ->
                Optional.ofNullable(request.options().tokens()).orElse(Compensate.DEFAULT_TOKENS));
        return IntStream.concat(compensating, rounding).max().orElse(Compensate.DEFAULT_TOKENS);
    }

    /** SHA-256 of the tokens that it asks for, if it names any. */
    public Optional<String> text() {
        return Stream.concat(
                        recipe.all(Compensate.SPEC).stream()
                                .map(request -> request.options().text()),
                        byText().map(request -> request.options().text()))
                .filter(Objects::nonNull)
                .findFirst();
    }

    /** What the text is to run on, if it says so. */
    public Optional<String> provider() {
        return Stream.concat(
                        recipe.all(Compensate.SPEC).stream()
                                .map(request -> request.options().provider()),
                        byText().map(request -> request.options().provider()))
                .filter(Objects::nonNull)
                .findFirst();
    }

    /** Where it was asked for. */
    public String origin() {
        return Stream.concat(
                        recipe.all(Compensate.SPEC).stream().map(PassRequest::origin),
                        byText().map(PassRequest::origin))
                .findFirst()
                .orElse("");
    }

    /** The recipe with a text in place of the one asked for, and what it is run on. */
    public Recipe on(String hash, int tokens, String runner) {
        Recipe fitted = recipe;
        for (PassRequest<Compensate.Options> request : recipe.all(Compensate.SPEC)) {
            fitted = fitted.replace(request, request.with(request.options().fitted(hash, tokens, runner)));
        }
        for (PassRequest<Quantize.Options> request : byText().toList()) {
            fitted = fitted.replace(request, request.with(request.options().fitted(hash, tokens, runner)));
        }
        return fitted;
    }

    /** The recipe without them: what it makes has the same shapes, and no text is read for it. */
    public Recipe without() {
        Recipe plain = recipe.without(Compensate.SPEC);
        for (PassRequest<Quantize.Options> request : byText().toList()) {
            plain = plain.replace(request, request.with(request.options().nearest()));
        }
        return plain;
    }
}
