package dev.twofold.recipe;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Passes that fit one another and the model, checked from first to last against simulated facts before one of them runs.
 *
 * @param recipe what was checked
 */
public record CheckedRecipe(Recipe recipe, List<CheckedPass> passes) {

    /**
     * A pass that can run.
     *
     * @param after what will hold after it
     */
    public record CheckedPass(PassRequest<?> request, Pass pass, Facts after) {

        public String name() {
            return request.name();
        }

        private boolean changesForm() {
            return request.spec().effect() != PassSpec.Effect.APPROXIMATE;
        }
    }

    public CheckedRecipe {
        passes = List.copyOf(passes);
    }

    static CheckedRecipe of(Recipe recipe, Facts start) {
        List<CheckedPass> checked = new ArrayList<>();
        Facts facts = start;
        for (PassRequest<?> request : recipe.passes()) {
            CheckedPass pass = check(request, facts);
            checked.add(pass);
            facts = pass.after();
        }
        return new CheckedRecipe(recipe, checked);
    }

    private static <O extends Record> CheckedPass check(PassRequest<O> request, Facts facts) {
        PassSpec<O> spec = request.spec();
        Pass pass = spec.factory().apply(request.options());
        Set<Property> missing = new TreeSet<>(spec.requires());
        missing.removeAll(facts.properties());
        if (!missing.isEmpty()) {
            throw refused(
                    request,
                    new NotApplicable(
                            "it requires " + describe(missing),
                            "put a pass before it that does this; 'twofold" + " passes NAME' says what each one does"));
        }
        if (facts.properties().contains(Property.QUANTIZED)
                && !spec.establishes().contains(Property.SHARDED)) {
            throw refused(request, new NotApplicable("weights are rounded by then", "put it before quantize"));
        }
        pass.check(facts).ifPresent(reason -> {
            throw refused(request, reason);
        });
        Facts after = pass.simulate(facts).with(spec.establishes(), spec.removes());
        return new CheckedPass(request, pass, after);
    }

    private static String describe(Set<Property> properties) {
        return String.join(
                ", ",
                properties.stream()
                        .map(property ->
                                property.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .toList());
    }

    private static TwofoldException refused(PassRequest<?> request, NotApplicable reason) {
        return TwofoldException.input("pass " + request.name() + " cannot run: " + reason.reason())
                .at(request.origin())
                .hint(reason.hint())
                .as(request.blame());
    }

    /**
     * A decoder after the passes of this recipe that only change its form, or round what has it: what it would be if no layers were
     * rearranged.
     *
     * @return nothing if one of them does not apply to it
     */
    public Optional<Decoder> formOf(Decoder decoder) {
        Facts facts = Facts.of(decoder);
        Decoder formed = decoder;
        for (CheckedPass checked : passes) {
            if (checked.changesForm()) {
                if (checked.pass().check(facts).isPresent()) {
                    return Optional.empty();
                }
                PassSpec<?> spec = checked.request().spec();
                facts = checked.pass().simulate(facts).with(spec.establishes(), spec.removes());
                formed = checked.pass().run(formed, new PassContext(Progress.SILENT));
            }
        }
        return Optional.of(formed);
    }

    /** What holds after the whole recipe. */
    public Facts outcome(Facts start) {
        return passes.isEmpty() ? start : passes.get(passes.size() - 1).after();
    }

    /** What the recipe makes of a decoder, silently and without weights to compute. */
    public Decoder run(Decoder decoder) {
        return run(decoder, new PassContext(Progress.SILENT));
    }

    /** What the recipe makes of a decoder. */
    public Decoder run(Decoder decoder, PassContext context) {
        return new PassRunner(context, Optional.empty(), text -> {}).run(this, decoder);
    }
}
