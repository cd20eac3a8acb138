package dev.twofold.passes.compensate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ridges that each fit of a pass chooses from, or the one that it chose when it ran before. */
final class Ridges {

    private final List<Double> choice;
    private final @Nullable List<Double> found;
    private int fits;

    Ridges(Compensate.Options options) {
        this.choice = options.ridges();
        this.found = options.found();
    }

    /** Those of the next fit; none if it left the weights as they were. */
    List<Double> next() {
        if (found == null || fits >= found.size()) {
            return choice;
        }
        double ridge = found.get(fits);
        fits++;
        return ridge == 0 ? List.of() : List.of(ridge);
    }
}
