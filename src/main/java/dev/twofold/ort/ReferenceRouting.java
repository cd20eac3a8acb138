package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Routers;
import dev.twofold.decoder.Step;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the routers of a reference choose, written down while it runs. */
final class ReferenceRouting {

    private final DecoderEngine engine;
    private final Decoder decoder;
    private final boolean wanted;
    private final List<List<long[]>> windows = new ArrayList<>();

    /** @param wanted whether anybody reads it */
    ReferenceRouting(DecoderEngine engine, Decoder decoder, boolean wanted) {
        this.engine = engine;
        this.decoder = decoder;
        this.wanted = wanted;
    }

    /** Looks at a step before it is applied. */
    void look(Step step, HiddenStates before) {
        List<Integer> routers = Routers.of(step);
        if (!wanted || routers.isEmpty()) {
            return;
        }
        HiddenStates choices = engine.choices(decoder, step, before);
        for (int window = 0; window < choices.windows().size(); window++) {
            if (windows.size() == window) {
                windows.add(new ArrayList<>());
            }
            int from = 0;
            for (int chosen : routers) {
                windows.get(window).add(columns(choices, window, from, chosen));
                from += chosen;
            }
        }
    }

    private static long[] columns(HiddenStates choices, int window, int from, int count) {
        float[] all = choices.windows().get(window);
        long[] own = new long[choices.tokens(window) * count];
        for (int i = 0; i < own.length; i++) {
            own[i] = (long) all[i / count * choices.hidden() + from + i % count];
        }
        return own;
    }

    boolean any() {
        return !windows.isEmpty();
    }

    /** Of each router, the experts that were chosen in a window, {@code [tokens, chosen]}; none if there are no routers. */
    List<long[]> of(int window) {
        return any() ? windows.get(window) : List.of();
    }

    /** Of some of the tokens. */
    static List<long[]> part(List<long[]> routing, int tokens, int from, int to) {
        return routing.stream()
                .map(chosen ->
                        Arrays.copyOfRange(chosen, from * (chosen.length / tokens), to * (chosen.length / tokens)))
                .toList();
    }
}
