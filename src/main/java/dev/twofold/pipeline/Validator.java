package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.inspection.CalibrationText;
import dev.twofold.inspection.FitSession;
import dev.twofold.inspection.Host;
import dev.twofold.inspection.Texts;
import dev.twofold.inspection.WindowCut;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.ort.Validation;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.StoredRecipe;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.weight.WeightEvaluator;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Proves an output against its source: the graph against the recipe without the passes that only change the form, and the
 * model against the source as it was.
 *
 * @param text to measure on
 * @param calibration the text that the model was compensated with, if it was
 * @param tokens to measure
 */
public record Validator(
        Path directory,
        Manifest manifest,
        Source source,
        Texts.Named text,
        List<Texts.Named> calibration,
        int tokens,
        Host host) {

    /**
     * What was found.
     *
     * @param text what was measured on
     * @param uncompensated the same plan without its compensation, if it has one
     */
    public record Outcome(TextWindows text, Validation.Result result, Optional<Score> uncompensated) {}

    /** @throws dev.twofold.diag.TwofoldException of kind INPUT if the output was not made from this source or text */
    public Outcome validate() {
        SourceMatch.requireSameModel(manifest, source);
        Decoder base = source.decoder();
        Recipe recipe = inexact();
        TextWindows windows = WindowCut.cut(text.name(), WindowCut.encode(source, text), base, tokens, host.notices());
        Optional<PassRequest<Compensate.Options>> fit = recipe.find(Compensate.SPEC);
        try (ModelSession session = new ModelOpener(host).open(directory, manifest);
                MappedFiles files = new MappedFiles();
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device())) {
            Validation validation = new Validation(session, engine, host.progress());
            if (fit.isEmpty()) {
                Decoder reference = recipe.apply(base, context());
                return new Outcome(windows, validation.run(base, reference, windows), Optional.empty());
            }
            try (FitSession fits = refit(fit.get())) {
                Decoder reference = recipe.apply(base, fits.context(host.progress()));
                Validation.Result result = validation.run(base, reference, windows);
                Decoder plain = recipe.without(Compensate.SPEC).apply(base, context());
                return new Outcome(windows, result, Optional.of(validation.score(base, plain, windows)));
            }
        }
    }

    private PassContext context() {
        return new PassContext(host.progress());
    }

    /** The recipe of the output, without the passes that only change the form: what its graph should compute. */
    private Recipe inexact() {
        return new Recipe(StoredRecipe.read(manifest.plan(), Manifest.NAME).passes().stream()
                .filter(request -> request.spec().effect() != PassSpec.Effect.EXACT)
                .toList());
    }

    /** What the fits of the conversion are repeated with. */
    private FitSession refit(PassRequest<Compensate.Options> request) {
        Compensate.Options options = request.options();
        CalibrationText fitted = CalibrationText.of(source, calibration, options.tokens(), host);
        FittedText.of(fitted)
                .requireAsked(
                        options,
                        Texts.Named.together(calibration),
                        "give --calibration the texts that convert had as --text");
        host.notice("note: repeating the fits of the conversion");
        Provider provider = Arrays.stream(Provider.values())
                .filter(candidate -> candidate.toString().equals(options.provider()))
                .findFirst()
                .orElse(host.provider());
        return new FitSession(fitted, host.with(provider));
    }
}
