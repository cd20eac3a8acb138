package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.measure.TextWindows;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.shard.Shard;
import dev.twofold.recipe.CheckedRecipe;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import java.util.List;
import java.util.Optional;

/**
 * Measures what a recipe with nothing left open makes of a model: all of it, rounded ends too, refitted and rounded as it would be written.
 *
 * @param fitted what is refitted to and rounded by, if anything is
 */
record RecipeRises(Source source, Optional<CalibrationText> fitted, Host host) {

    /** How much the loss rises on each of some texts, in nats. */
    List<Double> of(Recipe recipe, List<TextMeasurement> texts) {
        CheckedRecipe checked = recipe.without(Shard.SPEC).check(Facts.of(source.decoder()));
        if (fitted.isEmpty()) {
            Decoder decoder = checked.run(source.decoder(), new PassContext(Progress.SILENT));
            return rises(decoder, texts.get(0).engine(), texts);
        }
        try (FitSession session = new FitSession(fitted.get(), host.with(notice -> {}))) {
            return rises(checked.run(source.decoder(), session.context(host.progress())), session.engine(), texts);
        }
    }

    private static List<Double> rises(Decoder decoder, DecoderEngine engine, List<TextMeasurement> texts) {
        return texts.stream()
                .map(text -> loss(decoder, engine, text.text()) - text.base().loss())
                .toList();
    }

    private static double loss(Decoder decoder, DecoderEngine engine, TextWindows text) {
        HiddenStates stream = engine.embed(decoder, text.inputs());
        for (Step step : decoder.steps()) {
            stream = engine.apply(decoder, step, stream);
        }
        try (DecoderEngine.Head head = engine.head(decoder)) {
            return head.beside(stream, text).base().loss();
        }
    }
}
