package dev.twofold.passes.compensate;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Calibration;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.PlanBlock;
import java.util.List;

/**
 * Refits places one by one, each as if a plan held no other. The model runs once over the text for all of them: a place is
 * refitted when the stream has come to it.
 */
public final class PlaceTrials implements AutoCloseable {

    private final Decoder decoder;
    private final List<LayerGroup> layers;
    private final PairLayers.Form form;
    private final Fitting fitting;
    private int next;

    /**
     * @param decoder as the checkpoint has it
     * @param form how the layers of a group run
     */
    public PlaceTrials(Decoder decoder, Calibration calibration, Compensate.Options options, PairLayers.Form form) {
        this.decoder = decoder;
        this.layers = LayerGroup.of(decoder);
        this.form = form;
        this.fitting = new Fitting(decoder, calibration, options);
    }

    /**
     * The layers of a place, refitted.
     *
     * @param place that begins in no earlier layer than the one before
     * @param calibration of the same text, with room for the weights of this place
     */
    public LayerGroup refit(Place place, Calibration calibration) {
        PlanBlock block = PlanBlock.of(Plan.none(decoder.facts().layers()).with(place)).stream()
                .filter(candidate -> !candidate.isAlone())
                .findFirst()
                .orElseThrow();
        while (next < block.first()) {
            fitting.next(layers.get(next));
            next++;
        }
        return fitting.trial(block.arranged(layers, form), calibration);
    }

    @Override
    public void close() {
        fitting.close();
    }
}
