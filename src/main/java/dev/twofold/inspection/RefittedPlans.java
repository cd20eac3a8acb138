package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TokenHash;
import dev.twofold.pass.Facts;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import java.util.List;
import java.util.Optional;

/**
 * Measures plans after their steps were refitted.
 *
 * @param form how the layers of a group run
 * @param fitted text that is fitted to, which scores are remembered under
 */
record RefittedPlans(Source source, PairLayers.Form form, CalibrationText fitted, Host host) {

    /** A plan's scores on some texts, for which it is refitted once at most. */
    List<PlanScore> scores(Plan plan, Compensate.Options options, List<TextMeasurement> texts) {
        PassRequest<Compensate.Options> fit = PassRequest.own(Compensate.SPEC, options);
        String name = plan + " " + Recipe.of(fit).entries().get(0) + " on all of " + TokenHash.of(fitted.windows());
        List<Optional<PlanScore>> known =
                texts.stream().map(text -> text.known(name)).toList();
        if (known.stream().allMatch(Optional::isPresent)) {
            return known.stream().map(Optional::orElseThrow).toList();
        }
        try (FitSession session = new FitSession(fitted, host)) {
            Decoder refitted = PlanRecipe.of(plan, form)
                    .append(fit)
                    .check(Facts.of(source.decoder()))
                    .run(source.decoder(), session.context(Progress.SILENT));
            return texts.stream()
                    .map(text -> text.score(name, refitted, session.engine()))
                    .toList();
        }
    }
}
