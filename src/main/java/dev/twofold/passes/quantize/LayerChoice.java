package dev.twofold.passes.quantize;

import dev.twofold.layers.LayerWindow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some layers of a model, whatever their number; those that any part of it names.
 *
 * @param ends the first and the last layers, as a share of all: 0.125 are an eighth at each end
 * @param every of so many after the first {@code ends}, the last one
 * @param windows stretches of layers
 */
public record LayerChoice(
        @Nullable Double ends,
        @Nullable Integer every,
        @Nullable List<LayerWindow> windows) {

    public LayerChoice {
        windows = windows == null ? null : List.copyOf(windows);
        if (ends != null && !(ends >= 0 && ends <= 0.5)) {
            throw new IllegalArgumentException("ends should be a share of 0 to 0.5, not " + ends);
        }
        if (every != null && every < 1) {
            throw new IllegalArgumentException("every should be 1 or more, not " + every);
        }
        if (ends == null && every == null && windows == null) {
            throw new IllegalArgumentException("layers should say ends, every or windows");
        }
    }

    /**
     * Whether it names a layer.
     *
     * @param layers of the model
     */
    boolean contains(int layer, int layers) {
        double end = ends == null ? 0 : ends * layers;
        boolean atEnds = ends != null && (layer < end || layer >= layers - end);
        boolean inTurn = every != null && Math.floorMod(layer - (int) Math.rint(end), every) == every - 1;
        boolean inWindow = windows != null && windows.stream().anyMatch(window -> window.contains(layer));
        return atEnds || inTurn || inWindow;
    }
}
