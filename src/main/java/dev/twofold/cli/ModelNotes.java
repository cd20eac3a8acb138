package dev.twofold.cli;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import java.util.ArrayList;
import java.util.List;

/** What users of a checkpoint should know of any model that is made from it. */
final class ModelNotes {

    private ModelNotes() {}

    static List<String> of(Decoder decoder) {
        List<String> notes = new ArrayList<>();
        int kept = decoder.facts().contextLength();
        int stated = decoder.facts().statedContext();
        if (kept < stated) {
            notes.add("note: the context is " + kept + " positions, not the " + stated
                    + " of config.json: LongRoPE scales longer texts by other factors, from their first position on");
        }
        decoder.branches()
                .map(Branch::body)
                .filter(Experts.class::isInstance)
                .map(Experts.class::cast)
                .findFirst()
                .ifPresent(mixture -> notes.add("note: all " + mixture.experts().size()
                        + " experts of a layer run for every token, which chooses " + mixture.chosen()));
        return notes;
    }
}
