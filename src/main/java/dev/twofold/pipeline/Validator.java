package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.inspection.CalibrationText;
import dev.twofold.inspection.FitSession;
import dev.twofold.inspection.Host;
import dev.twofold.inspection.Texts;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.NodePlacement;
import dev.twofold.ort.StepEngine;
import dev.twofold.ort.ValidatedModel;
import dev.twofold.ort.Validation;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.StoredRecipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.weight.WeightEvaluator;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Proves an output against its source: the graph against the recipe without the passes that only change the form, and the
 * model against the original as it was.
 *
 * @param source what the output was made from
 * @param original what quality is measured against: the source, or what the source was made from and trained since
 * @param text to measure on
 * @param calibration the text that the model was compensated with, if it was
 * @param tokens to measure
 */
public record Validator(
        Path directory,
        Manifest manifest,
        Source source,
        Source original,
        Texts.Named text,
        List<Texts.Named> calibration,
        int tokens,
        Host host) {

    /**
     * What was found.
     *
     * @param text what was measured on
     * @param uncompensated the same plan without its compensation, if it has one
     * @param placement where the model's nodes ran, on a provider that may lack kernels
     */
    public record Outcome(
            TextWindows text,
            Validation.Result result,
            Optional<Score> uncompensated,
            Optional<NodePlacement> placement) {}

    /**
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if the output was not made from this source or text, or the original has
     *     other tokens
     */
    public Outcome validate() {
        SourceMatch.requireSameModel(manifest, source);
        Decoder start = source.decoder();
        Decoder base = original.decoder();
        Recipe recipe = StoredRecipe.computing(manifest.plan(), Manifest.NAME);
        TextWindows windows = new CommonText(text, tokens, host.notices()).windows(source, original);
        TextFits asked = new TextFits(recipe);
        ModelOpener opener = new ModelOpener(host);
        opener.requireFinite(directory, manifest, windows.inputs().get(0));
        Optional<NodePlacement> placement = opener.placement(directory, manifest);
        placement
                .map(nodes -> nodes.describe(host.provider()))
                .filter(note -> !note.isEmpty())
                .ifPresent(host.notices());
        try (ValidatedModel model = opener.openToValidate(directory, manifest, routers(start, recipe));
                MappedFiles files = new MappedFiles();
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device())) {
            Validation validation = new Validation(model, engine, host.progress());
            if (!asked.any()) {
                Decoder reference = recipe.apply(start, context());
                return new Outcome(windows, validation.run(base, reference, windows), Optional.empty(), placement);
            }
            try (FitSession fits = refit(asked)) {
                Decoder reference = recipe.apply(start, fits.context(host.progress()));
                Validation.Result result = validation.run(base, reference, windows);
                Optional<Score> without = uncompensated(recipe).map(plan -> {
                    Decoder plain = plan.apply(start, context());
                    return validation.score(base, plain, windows);
                });
                return new Outcome(windows, result, without, placement);
            }
        }
    }

    /** What the plan has of routers, whatever it is fitted to. */
    private int routers(Decoder start, Recipe recipe) {
        return new TextFits(recipe).without().apply(start, context()).routers();
    }

    /** The same plan without its compensation, if it has one; rounding by a text is not repeated for that. */
    private static Optional<Recipe> uncompensated(Recipe recipe) {
        Recipe without = recipe.without(Compensate.SPEC);
        return recipe.has(Compensate.SPEC) && !new TextFits(without).any() ? Optional.of(without) : Optional.empty();
    }

    private PassContext context() {
        return new PassContext(host.progress());
    }

    /** What the fits of the conversion are repeated with. */
    private FitSession refit(TextFits fits) {
        CalibrationText fitted = CalibrationText.of(source, calibration, fits.tokens(), host);
        FittedText.of(fitted)
                .requireAsked(
                        fits,
                        Texts.Named.together(calibration),
                        "give --calibration the texts that convert had as --text");
        host.notice("note: repeating the fits of the conversion");
        return new FitSession(fitted, FittedText.host(fits, host));
    }
}
