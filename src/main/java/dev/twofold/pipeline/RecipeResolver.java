package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.ChosenBits;
import dev.twofold.inspection.ChosenPlan;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Facts;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.recipe.OpenBits;
import dev.twofold.recipe.OpenPlan;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.source.Source;
import dev.twofold.target.Target;
import java.util.List;
import java.util.Optional;

/** Checks what is asked for as a whole, and then measures what a recipe leaves open. */
record RecipeResolver(Source source, Target target, CompilerSettings settings) {

    /** @throws TwofoldException that says what of it cannot be */
    ResolvedRecipe resolve(Recipe asked) {
        source.notes().forEach(settings.host()::notice);
        ModelNotes.of(source.decoder(), target.keepsBothRanges()).forEach(settings.host()::notice);
        requireDumpable(asked);
        Facts facts = Facts.of(source.decoder());
        Optional<OpenPlan> open = OpenPlan.in(asked, facts);
        Optional<OpenBits> bits = OpenBits.in(asked);
        requireUseOfText(asked, open.isPresent() || bits.isPresent());
        rehearse(open.map(plan -> plan.with(Plan.none(facts.layers()))).orElse(asked), facts);
        open.ifPresent(plan -> rehearse(plan.sample(facts), facts));
        bits.flatMap(ask -> ModelNotes.unmeasured(source.decoder())).ifPresent(settings.host()::notice);
        Optional<OpenBits> shared = bits.filter(OpenBits::sharesLimit);
        shared.ifPresent(ask -> ask.requirePlan(open));
        Optional<ChosenPlan> chosen = open.map(
                plan -> ChosenPlan.of(plan, shared, source, settings.texts(), settings.cache(), settings.host()));
        Recipe recipe = open.flatMap(plan -> chosen.map(ChosenPlan::plan).map(plan::with))
                .orElse(asked);
        if (open.isPresent()) {
            rehearse(recipe, facts);
        }
        Recipe settled = OpenBits.in(recipe)
                .map(ask -> chosen.flatMap(ChosenPlan::bits).map(ask::with).orElseGet(() -> chosen(ask)))
                .orElse(recipe);
        return new ResolvedRecipe(plain(settled, facts), chosen);
    }

    private Recipe chosen(OpenBits bits) {
        ChosenBits chosen = ChosenBits.of(bits, source, settings.texts(), settings.cache(), settings.host());
        settings.host().notice("note: " + chosen.describe());
        return bits.with(chosen.choice().places());
    }

    /** The recipe without what prepares layers to be one, where none are and the target would rather have them as they were. */
    private Recipe plain(Recipe recipe, Facts facts) {
        boolean rearranged = recipe.check(facts).outcome(facts).groups().stream()
                .anyMatch(group -> group.arrangement().isParallel());
        return rearranged || !target.keepsPlainLayers()
                ? recipe
                : recipe.without(Widen.SPEC).without(FoldNorms.SPEC);
    }

    /** A name that is mistyped should not come to light after a long measurement. */
    private void requireDumpable(Recipe asked) {
        List<String> names =
                asked.passes().stream().<String>map(PassRequest::name).toList();
        settings.dumpAfter().filter(name -> !names.contains(name)).ifPresent(name -> {
            throw TwofoldException.usage("the plan has no pass '" + name + "' to dump after")
                    .expected(String.join(", ", names));
        });
    }

    /** A text that nothing is measured on or fitted to would be taken for one that the output depends on. */
    private void requireUseOfText(Recipe asked, boolean measures) {
        settings.texts().files().stream()
                .filter(file -> !measures && !new TextFits(asked).any())
                .findFirst()
                .ifPresent(file -> {
                    throw TwofoldException.usage("nothing is measured on a text, or fitted to one")
                            .found("--text " + file)
                            .hint(
                                    "leave out --text, or let convert choose the layers, or add --compensate, or round by it with --rounding gptq");
                });
    }

    /** What a pass or the target refuses is refused before layers are measured and refitted. */
    private void rehearse(Recipe recipe, Facts facts) {
        recipe.check(facts);
        Decoder decoder = new TextFits(recipe).without().check(facts).run(source.decoder());
        target.check(decoder, source.companions()).ifPresent(reason -> {
            throw TwofoldException.usage("the target " + target.name() + " cannot hold the model: " + reason.reason())
                    .hint(reason.hint());
        });
        Compilation.parts(target, decoder, settings.rank());
    }
}
