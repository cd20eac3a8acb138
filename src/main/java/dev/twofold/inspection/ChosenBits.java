package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Facts;
import dev.twofold.passes.quantize.BitChoice;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.passes.quantize.BitCosts;
import dev.twofold.passes.quantize.ChooseBits;
import dev.twofold.recipe.OpenBits;
import dev.twofold.source.Source;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.util.List;
import java.util.Locale;

/**
 * Which matrices have 8 bits, and why.
 *
 * @param costs of every place
 */
public record ChosenBits(ChooseBits.Options options, List<BitCost> costs, BitChoice choice) {

    public ChosenBits {
        costs = List.copyOf(costs);
    }

    /** Measures every place, and chooses. */
    public static ChosenBits of(OpenBits open, Source source, Texts texts, Host host) {
        ChooseBits.Options options = open.ask().options();
        CalibrationText text = CalibrationText.of(source, texts.calibrating(), options.tokenCount(), host);
        Decoder decoder = open.form().check(Facts.of(source.decoder())).run(source.decoder());
        int count = text.windows().inputs().size();
        int fitted = count - count / 2;
        TextWindows windows = text.windows();
        try (MappedFiles files = new MappedFiles();
                SpilledWeights spill = new SpilledWeights();
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device())) {
            List<BitCost> costs = new BitCosts(
                            engine,
                            decoder,
                            open.open().options().blocks(decoder.precision()),
                            open.open().options().way(),
                            spill,
                            windows.part(0, fitted),
                            windows.part(fitted, count))
                    .measure(host.progress());
            double limit = Math.log1p(options.limit().share().doubleValue());
            return new ChosenBits(options, costs, BitChoice.of(costs, limit));
        }
    }

    /** What was chosen, in one line. */
    public String describe() {
        return String.format(
                Locale.ROOT,
                "8 bits for %d of %d places; rounding is predicted to raise the perplexity by %.1f%% (limit %s)",
                choice.raised().size(),
                costs.size(),
                100 * Math.expm1(choice.predicted()),
                options.limit());
    }
}
