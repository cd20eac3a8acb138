package dev.twofold.inspection;

import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.quantize.BitCosts;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.source.Source;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.util.Optional;

/** What the costs of bits are measured with, and where they are kept. */
final class BitSession implements AutoCloseable {

    private final MappedFiles files = new MappedFiles();
    private final SpilledWeights spill = new SpilledWeights();
    private final StepEngine engine;
    private final TextMeasurement measurement;

    /** @param scored text that they are kept under */
    BitSession(Source source, TextWindows scored, MeasurementCache cache, Host host) {
        engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device());
        measurement = new TextMeasurement(
                engine,
                MeasurementSession.subject(source, PairLayers.Form.TWO_SYNC, host),
                scored,
                cache,
                host.progress());
    }

    DecoderEngine engine() {
        return engine;
    }

    SpilledWeights spill() {
        return spill;
    }

    /** @param method what a place is rounded by, beside its name */
    BitCosts.Known known(String method) {
        return new BitCosts.Known() {
            @Override
            public Optional<PlanScore> score(String place) {
                return measurement.known("rounded " + place + method);
            }

            @Override
            public void keep(String place, PlanScore score) {
                measurement.keep("rounded " + place + method, score);
            }
        };
    }

    @Override
    public void close() {
        measurement.close();
        engine.close();
        spill.close();
        files.close();
    }
}
