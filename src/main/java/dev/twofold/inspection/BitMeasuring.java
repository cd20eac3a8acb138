package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenHash;
import dev.twofold.pass.Facts;
import dev.twofold.passes.quantize.BitCost;
import dev.twofold.passes.quantize.BitCosts;
import dev.twofold.passes.quantize.BitTexts;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.recipe.OpenBits;
import dev.twofold.source.Source;
import java.util.List;

/** Measures what rounding costs, place by place, on windows that nothing is rounded by; what is known already is not measured again. */
record BitMeasuring(Source source, Texts texts, MeasurementCache cache, Host host) {

    /** Of the windows that are scored the first tokens: more of the same passage tell little more. */
    private static final int SCORED_LENGTH = 256;

    List<BitCost> costs(OpenBits open) {
        CalibrationText text = CalibrationText.of(source, texts.calibrating(), open.tokens(), host);
        Decoder decoder = open.form().check(Facts.of(source.decoder())).run(source.decoder());
        TextWindows windows = text.windows();
        TextWindows fitted = windows.part(0, windows.inputs().size() - text.heldOut());
        TextWindows scored = text.check().beginnings(SCORED_LENGTH);
        Quantize.Options rounding = open.open().options();
        String method = " to " + rounding.blocks(decoder.precision()) + " by " + rounding.way() + " on "
                + TokenHash.of(fitted) + " after " + open.form().entries();
        try (BitSession session = new BitSession(source, scored, cache, host)) {
            return new BitCosts(
                            session.engine(),
                            decoder,
                            rounding.blocks(decoder.precision()),
                            rounding.way(),
                            session.spill(),
                            new BitTexts(fitted, scored),
                            session.known(method))
                    .measure(host.progress());
        }
    }
}
