package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What users of a checkpoint should know of any model that is made from it. */
public final class ModelNotes {

    private ModelNotes() {}

    public static List<String> of(Decoder decoder) {
        return of(decoder, false);
    }

    /** @param keepsBothRanges whether what is written has both ranges of LongRoPE where the decoder has them */
    static List<String> of(Decoder decoder, boolean keepsBothRanges) {
        List<String> notes = new ArrayList<>();
        int kept = decoder.facts().contextLength();
        int stated = decoder.facts().statedContext();
        boolean hasBoth = decoder.rotaries().stream().anyMatch(Rotary::hasBothRanges);
        if (kept < stated && !(hasBoth && keepsBothRanges)) {
            notes.add("note: the context is " + kept + " positions, not the " + stated
                    + " of config.json: LongRoPE scales longer texts by other factors, from their first position on, which"
                    + " --rope-range long is for"
                    + (hasBoth ? "" : ", where the original checkpoint is converted"));
        }
        decoder.branches()
                .flatMap(branch -> branch.body().mixture().stream())
                .filter(mixture -> mixture.experts().size() > 1)
                .findFirst()
                .ifPresent(mixture -> notes.add("note: a token chooses "
                        + mixture.routing().chosen() + " of the "
                        + mixture.experts().size() + " experts of a layer; docs/runtimes.md says where the others"
                        + " run too"));
        return notes;
    }

    /** Where bits are measured, experts are rounded whatever that costs, which nobody should take for nothing. */
    static Optional<String> unmeasured(Decoder decoder) {
        return decoder.branches().anyMatch(branch -> branch.body().mixture().isPresent())
                ? Optional.of(
                        "note: experts are not measured, and keep the bits of --dtype; what that costs is not in what"
                                + " rounding is predicted to cost")
                : Optional.empty();
    }
}
