package dev.twofold.target.gguf;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Which blocks see a window only. */
record Windows(Form form) {

    List<Boolean> flags() {
        return form.blocks().stream()
                .map(block -> block.heads().rule().slidingWindow().isPresent())
                .toList();
    }

    /** Whether some blocks see a window, and some see everything. */
    boolean isMixed() {
        return flags().contains(true) && flags().contains(false);
    }

    /** Whether every second block sees everything, beginning with the second. */
    boolean isAlternating() {
        return period().equals(Optional.of(2));
    }

    /** Every so many blocks one sees everything, if it is so. */
    Optional<Integer> period() {
        List<Boolean> flags = flags();
        return IntStream.rangeClosed(2, flags.size())
                .filter(period -> IntStream.range(0, flags.size())
                        .allMatch(block -> flags.get(block) == ((block + 1) % period != 0)))
                .boxed()
                .findFirst();
    }
}
