package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenHash;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Facts;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.passes.quantize.BitCosts;
import dev.twofold.passes.quantize.BitTexts;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.recipe.OpenBits;
import dev.twofold.source.Source;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Optional;

/** Measures what rounding costs, place by place, on windows that nothing is rounded by; what is known already is not measured again. */
record BitMeasuring(Source source, Texts texts, MeasurementCache cache, Host host) {

    /** Of the windows that are scored the first tokens: more of the same passage tell little more. */
    private static final int SCORED_LENGTH = 256;

    List<BitCost> costs(OpenBits open) {
        CalibrationText text = CalibrationText.of(
                source, texts.calibrating(), open.ask().options().tokenCount(), host);
        Decoder decoder = open.form().check(Facts.of(source.decoder())).run(source.decoder());
        TextWindows windows = text.windows();
        TextWindows fitted = windows.part(0, windows.inputs().size() - text.heldOut());
        TextWindows scored = text.check().beginnings(SCORED_LENGTH);
        Quantize.Options rounding = open.open().options();
        String method = " to " + rounding.blocks(decoder.precision()) + " by " + rounding.way() + " on "
                + TokenHash.of(fitted) + " after " + open.form().entries();
        try (MappedFiles files = new MappedFiles();
                SpilledWeights spill = new SpilledWeights();
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device());
                TextMeasurement measurement = new TextMeasurement(
                        engine,
                        MeasurementSession.subject(source, PairLayers.Form.TWO_SYNC, host),
                        scored,
                        cache,
                        host.progress())) {
            return new BitCosts(
                            engine,
                            decoder,
                            rounding.blocks(decoder.precision()),
                            rounding.way(),
                            spill,
                            new BitTexts(fitted, scored),
                            new Kept(measurement, method))
                    .measure(host.progress());
        }
    }

    /** @param method what a place is rounded by, beside its name */
    private record Kept(TextMeasurement measurement, String method) implements BitCosts.Known {

        @Override
        public Optional<PlanScore> score(String place) {
            return measurement.known("rounded " + place + method);
        }

        @Override
        public void keep(String place, PlanScore score) {
            measurement.keep("rounded " + place + method, score);
        }
    }
}
