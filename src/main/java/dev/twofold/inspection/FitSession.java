package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.FitFinding;
import dev.twofold.pass.PassContext;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a recipe's {@code compensate} works with, and what it found. The weights it computes last until this is closed. */
public final class FitSession implements AutoCloseable {

    private final MappedFiles files = new MappedFiles();
    private final SpilledWeights spill = new SpilledWeights();
    private final StepEngine engine;
    private final CalibrationText text;
    private final Host host;
    private final List<FitFinding> findings = new ArrayList<>();

    /** @param host hears what people should know before a fit starts */
    public FitSession(CalibrationText text, Host host) {
        this.text = text;
        this.host = host;
        this.engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device());
    }

    public PassContext context(Progress progress) {
        return new PassContext(progress, Optional.of(calibration()));
    }

    Calibration calibration() {
        return new Calibration(engine, text.windows().inputs(), text.heldOut(), spill, findings::add, host.notices());
    }

    /** Versions of what decides the refitted weights, by name. */
    public SortedMap<String, String> libraries() {
        return new TreeMap<>(Map.of("onnxruntime", StepEngine.runtimeVersion()));
    }

    /** Runs decoders whose weights a fit computed. */
    public DecoderEngine engine() {
        return engine;
    }

    /** What was fitted, and on how many tokens. */
    public Fits fits() {
        return new Fits(text.tokens(), text.heldOutTokens(), List.copyOf(findings));
    }

    /** @param heldOutTokens among the tokens, that were held out while ridges were chosen */
    public record Fits(int tokens, int heldOutTokens, List<FitFinding> findings) {}

    @Override
    public void close() {
        engine.close();
        files.close();
        spill.close();
    }
}
