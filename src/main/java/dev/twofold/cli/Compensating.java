package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.FitFinding;
import dev.twofold.pass.PassContext;
import dev.twofold.pipeline.CompensationStudy;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.tokenizer.TokenizerFile;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a plan's {@code compensate} works with, and what it found. The weights it computes last until this is closed. */
final class Compensating implements CompensationStudy.Fit {

    /** One window of so many is held out. */
    private static final int HELD_OUT = 8;

    private final MappedFiles files = new MappedFiles();
    private final SpilledWeights spill = new SpilledWeights();
    private final StepEngine engine;
    private final TextWindows text;
    private final Consumer<String> notices;
    private final List<FitFinding> findings = new ArrayList<>();

    /** @param notices hears what people should know before a fit starts */
    Compensating(TextWindows text, Provider provider, int device, Consumer<String> notices) {
        this.text = text;
        this.notices = notices;
        this.engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), provider, device);
    }

    /**
     * The first tokens of a text, in whole windows.
     *
     * @param file the text that comes with Twofold if null
     */
    static TextWindows text(Checkpoint checkpoint, @Nullable Path file, int tokens, Console console) {
        Decoder decoder = checkpoint.decoder();
        String name = file == null ? Text.CALIBRATION : file.toString();
        try (TokenizerFile tokenizer = TokenizerFile.open(checkpoint.directory())) {
            String words = file == null ? Text.calibration() : Text.read(file);
            int[] ids = tokenizer.encode(words, decoder.facts().vocabularySize());
            TextWindows windows = Windows.cut(name, ids, decoder, tokens, console);
            int whole = windows.tokens() / Windows.length(decoder) * Windows.length(decoder);
            if (whole < 2 * Windows.length(decoder)) {
                throw TwofoldException.input("too few tokens to compensate with")
                        .at(name)
                        .found(windows.tokens() + " of " + ids.length)
                        .expected("at least " + 2 * Windows.length(decoder))
                        .hint("a longer text, or more --calibration-tokens");
            }
            return TextWindows.cut(ids, Windows.length(decoder), whole);
        }
    }

    @Override
    public PassContext context(Progress progress) {
        return new PassContext(
                progress,
                Optional.of(new Calibration(engine, text.inputs(), heldOut(), spill, findings::add, notices)));
    }

    /** Versions of what decides the refitted weights, by name. */
    SortedMap<String, String> libraries() {
        return new TreeMap<>(Map.of("onnxruntime", StepEngine.runtimeVersion()));
    }

    @Override
    public DecoderEngine engine() {
        return engine;
    }

    /** The fits, as JSON. */
    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("tokens", text.tokens());
        document.put("heldOutTokens", heldOut() * text.inputs().get(0).length);
        document.put("fits", findings);
        return document;
    }

    /** The fits, a line each. */
    void print(PrintWriter out) {
        out.println("error over what was to be reached          ridge   fitted tokens       held-out tokens");
        for (FitFinding fit : findings) {
            out.printf(
                    Locale.ROOT,
                    "  layers %-9s %-22s %7s  %.5f -> %.5f  %.5f -> %.5f%n",
                    fit.layers().stream().distinct().map(String::valueOf).collect(Collectors.joining(",")),
                    fit.what(),
                    fit.dropped() ? "dropped" : String.format(Locale.ROOT, "%.0e", fit.ridge()),
                    fit.fitBefore(),
                    fit.fitAfter(),
                    fit.heldOutBefore(),
                    fit.heldOutAfter());
        }
    }

    private int heldOut() {
        return Math.max(1, text.inputs().size() / HELD_OUT);
    }

    @Override
    public void close() {
        engine.close();
        files.close();
        spill.close();
    }
}
