package dev.twofold.inspection;

import dev.twofold.measure.LossLimit;
import dev.twofold.passes.quantize.BitChoice;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.recipe.OpenBits;
import dev.twofold.source.Source;
import java.util.List;
import java.util.Locale;

/**
 * Which matrices have 8 bits, and why.
 *
 * @param places that were measured
 */
public record ChosenBits(LossLimit limit, int places, BitChoice choice) {

    /** Measures every place, and chooses. */
    public static ChosenBits of(OpenBits open, Source source, Texts texts, MeasurementCache cache, Host host) {
        List<BitCost> costs = new BitMeasuring(source, texts, cache, host).costs(open);
        LossLimit limit = open.ask().options().limit();
        return new ChosenBits(
                limit,
                costs.size(),
                BitChoice.of(costs, Math.log1p(limit.share().doubleValue())));
    }

    /** What was chosen, in one line. */
    public String describe() {
        return String.format(
                Locale.ROOT,
                "8 bits for %d of %d places; rounding is predicted to raise the perplexity by %.1f%% (limit %s)",
                choice.raised().size(),
                places,
                100 * Math.expm1(choice.predicted()),
                limit);
    }
}
