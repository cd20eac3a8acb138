package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.Destination;
import dev.twofold.disk.OutputPlace;
import dev.twofold.inspection.CalibrationText;
import dev.twofold.inspection.FitSession;
import dev.twofold.inspection.Host;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.recipe.CheckedRecipe;
import dev.twofold.recipe.PassRunner;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.source.Source;
import dev.twofold.target.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A source, a recipe and a target make an output.
 *
 * <pre>
 * source -> decoder -> passes of the recipe -> decoder -> target -> files
 * </pre>
 *
 * <p>What can be refused is refused before anything is measured, fitted or written.
 */
public final class Compiler {

    private final Source source;
    private final Recipe asked;
    private final Target target;
    private final CompilerSettings settings;
    private final Optional<FromManifest> repeated;
    private final Facts facts;

    public Compiler(Source source, Recipe recipe, Target target) {
        this(source, recipe, target, CompilerSettings.DEFAULT);
    }

    public Compiler(Source source, Recipe recipe, Target target, CompilerSettings settings) {
        this(source, recipe, target, settings, Optional.empty());
    }

    /**
     * @param repeated the conversion that this one repeats
     */
    public Compiler(
            Source source, Recipe recipe, Target target, CompilerSettings settings, Optional<FromManifest> repeated) {
        this.source = source;
        this.asked = recipe;
        this.target = target;
        this.settings = settings;
        this.repeated = repeated;
        this.facts = Facts.of(source.decoder());
    }

    /** What would be made. Layers are measured if some are to be chosen; nothing is written, not even what was measured. */
    public Compilation preview() {
        ResolvedRecipe resolved = resolve(settings.withoutKeeping());
        // Refitting changes no shape, and would take the time that a preview is there to save.
        CheckedRecipe rewriting = new TextFits(resolved.recipe()).without().check(facts);
        Decoder decoder = run(rewriting, new PassContext(settings.host().progress()));
        return new Compilation(
                source, rewriting, decoder, target, settings.rank(), resolved.chosen(), Optional.empty());
    }

    /**
     * Whether an output can go to a place.
     *
     * @param output the directory to appear
     * @param force whether an earlier output there may be replaced
     * @throws TwofoldException of kind INPUT that says what is in the way
     */
    public Destination requireRoom(Path output, boolean force) {
        Destination destination = Destination.check(output, List.of(source.path()), force);
        EarlierOutput earlier = new EarlierOutput(destination.path());
        earlier.requireOwnFiles();
        earlier.requireOwnRank(settings.rank());
        return destination;
    }

    /** Makes an output, whole or not at all; see {@link #requireRoom}. */
    public CompiledOutput compile(Path output, boolean force) {
        Destination destination = requireRoom(output, force);
        try (OutputPlace place = OutputPlace.claim(destination, settings.host().notices())) {
            new EarlierOutput(destination.path()).requireOwnFiles();
            return compile(place);
        }
    }

    private CompiledOutput compile(OutputPlace place) {
        ResolvedRecipe resolved = resolve(settings);
        TextFits fits = new TextFits(resolved.recipe());
        if (!fits.any()) {
            CheckedRecipe recipe = resolved.recipe().check(facts);
            Decoder decoder = run(recipe, new PassContext(settings.host().progress()));
            return write(
                    place,
                    new Compilation(
                            source, recipe, decoder, target, settings.rank(), resolved.chosen(), Optional.empty()),
                    new OutputWriter.Tools(settings.version(), new TreeMap<>()));
        }
        return fitted(place, resolved, fits);
    }

    private CompiledOutput fitted(OutputPlace place, ResolvedRecipe resolved, TextFits fits) {
        Host host = settings.host();
        Host fitting = repeated.flatMap(manifest -> manifest.provider(fits))
                .map(host::with)
                .orElse(host);
        CalibrationText text = CalibrationText.of(source, settings.texts().calibrating(), fits.tokens(), host);
        CheckedRecipe recipe = FittedText.of(text).on(fitting.provider(), fits).check(facts);
        try (FitSession session = new FitSession(text, fitting)) {
            Decoder decoder = run(recipe, session.context(host.progress()));
            FitSession.Fits found = session.fits();
            Compilation compilation = new Compilation(
                    source,
                    FittedText.recorded(recipe.recipe(), found).check(facts),
                    decoder,
                    target,
                    settings.rank(),
                    resolved.chosen(),
                    Optional.of(found));
            return write(place, compilation, new OutputWriter.Tools(settings.version(), session.libraries()));
        }
    }

    private CompiledOutput write(OutputPlace place, Compilation compilation, OutputWriter.Tools tools) {
        repeated.ifPresent(manifest -> manifest.doubts(tools).forEach(settings.host()::notice));
        String name = repeated.map(FromManifest::sourceName).orElse(source.name());
        Supplier<Trial> trial = () -> settings.tryOut(source, target.forms(compilation.decoder()));
        OutputWriter.Result result = new OutputWriter(compilation, name, tools, trial)
                .write(place, settings.host().progress());
        target.notes(compilation.decoder(), source.companions()).forEach(settings.host()::notice);
        return new CompiledOutput(compilation, result, repeated.map(manifest -> manifest.compare(result.manifests())));
    }

    private ResolvedRecipe resolve(CompilerSettings how) {
        repeated.ifPresent(manifest -> manifest.require(source));
        return new RecipeResolver(source, target, how).resolve(asked);
    }

    private Decoder run(CheckedRecipe recipe, PassContext context) {
        return new PassRunner(context, settings.dumpAfter(), settings.dump()).run(recipe, source.decoder());
    }
}
