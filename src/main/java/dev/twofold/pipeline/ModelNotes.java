package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import java.util.ArrayList;
import java.util.List;

/** What users of a checkpoint should know of any model that is made from it. */
public final class ModelNotes {

    private ModelNotes() {}

    public static List<String> of(Decoder decoder) {
        return of(decoder, false);
    }

    /** @param bothRanges whether a decoder with LongRoPE keeps its long range, too */
    static List<String> of(Decoder decoder, boolean bothRanges) {
        List<String> notes = new ArrayList<>();
        int kept = decoder.facts().contextLength();
        int stated = decoder.facts().statedContext();
        if (kept < stated && !bothRanges) {
            notes.add("note: the context is " + kept + " positions, not the " + stated
                    + " of config.json: LongRoPE scales longer texts by other factors, from their first position on, which"
                    + " --rope-range long is for");
        }
        decoder.branches()
                .flatMap(branch -> branch.body().mixture().stream())
                .filter(mixture -> mixture.experts().size() > 1)
                .findFirst()
                .ifPresent(mixture -> notes.add("note: a token chooses "
                        + mixture.routing().chosen() + " of the "
                        + mixture.experts().size() + " experts of a layer"));
        return notes;
    }
}
