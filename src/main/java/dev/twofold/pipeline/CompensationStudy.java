package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.layers.Grouping;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.passes.analysis.PlanSearch.Found;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.source.huggingface.Checkpoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What compensation wins back: plans as they are, rescaled and refitted, next to dropping as many layers, all measured on
 * a text that nothing was fitted to.
 */
public final class CompensationStudy {

    private final Checkpoint checkpoint;
    private final TextMeasurement heldOut;
    private final String fitted;
    private final Supplier<Fit> fits;
    private final Progress progress;

    /**
     * @param fitted SHA-256 of the tokens that are fitted to, which results are remembered under
     * @param fits opens what a fit works with
     */
    public CompensationStudy(
            Checkpoint checkpoint, TextMeasurement heldOut, String fitted, Supplier<Fit> fits, Progress progress) {
        this.checkpoint = checkpoint;
        this.heldOut = heldOut;
        this.fitted = fitted;
        this.fits = fits;
        this.progress = progress;
    }

    /** What one plan is fitted with; the weights computed last until it is closed. */
    public interface Fit extends AutoCloseable {

        PassContext context(Progress progress);

        /** Runs decoders whose weights the fit computed. */
        DecoderEngine engine();

        @Override
        void close();
    }

    /** How layers were saved. */
    public enum Kind {
        DROPPED,
        WINDOW,
        CHOSEN
    }

    /**
     * Scores of one plan on the held-out text.
     *
     * @param plan as the command line spells it
     * @param rescaled empty if there is nothing to rescale
     */
    public record Row(
            Kind kind,
            int effectiveDepth,
            String plan,
            PlanScore plain,
            Optional<PlanScore> rescaled,
            Optional<PlanScore> compensated) {}

    /** Measures the plans of every depth that was searched. */
    public List<Row> of(PlanFrontier frontier, LayerFindings layers) {
        List<Row> rows = new ArrayList<>();
        progress.begin("compensation", frontier.found().size(), Progress.Unit.DEPTHS);
        for (Found found : frontier.found()) {
            int depth = found.chosen().grouping().depth();
            rows.add(dropped(depth, layers.influence()));
            found.window()
                    .ifPresent(window -> rows.add(
                            compensated(Kind.WINDOW, window.grouping(), "--window " + Inspection.window(window))));
            Grouping chosen = found.chosen().grouping();
            rows.add(compensated(Kind.CHOSEN, chosen, "--pairs " + chosen));
            heldOut.save();
            progress.advance(1);
        }
        progress.end();
        return rows;
    }

    /** Drops the layers of least block influence, as ShortGPT (arXiv 2403.03853) does. */
    private Row dropped(int depth, double[] influence) {
        List<Integer> layers = IntStream.range(0, influence.length)
                .boxed()
                .sorted(Comparator.comparingDouble(layer -> influence[layer]))
                .limit(influence.length - depth)
                .sorted()
                .toList();
        String plan = "layers "
                + String.join(",", layers.stream().map(String::valueOf).toList());
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        layers.forEach(layer -> options.withArray("layers").add(layer));
        String name = "without " + plan;
        PlanScore score = heldOut.known(name)
                .orElseGet(() -> heldOut.score(
                        name,
                        run(
                                List.of(PassRequest.own(DropLayers.SPEC.name(), options)),
                                new PassContext(Progress.SILENT)),
                        heldOut.engine()));
        return new Row(Kind.DROPPED, depth, plan, score, Optional.empty(), Optional.empty());
    }

    private Row compensated(Kind kind, Grouping grouping, String plan) {
        return new Row(
                kind,
                grouping.depth(),
                plan,
                heldOut.score(grouping),
                Optional.of(score(grouping, Compensate.Form.RESCALE)),
                Optional.of(score(grouping, Compensate.Form.REFIT)));
    }

    private PlanScore score(Grouping grouping, Compensate.Form form) {
        Compensate.Options defaults = OptionBinder.bind(
                PassRequest.own(
                        Compensate.SPEC.name(),
                        JsonNodeFactory.instance.objectNode().put("form", form.toString())),
                Compensate.Options.class);
        String name = grouping + " " + OptionBinder.entry(Compensate.SPEC.name(), defaults) + " on " + fitted;
        return heldOut.known(name).orElseGet(() -> {
            ObjectNode pairing = Choosing.fill(JsonNodeFactory.instance.objectNode(), grouping);
            ObjectNode fitting = JsonNodeFactory.instance.objectNode().put("form", form.toString());
            List<PassRequest> requests = List.of(
                    PassRequest.own(PairLayers.SPEC.name(), pairing), PassRequest.own(Compensate.SPEC.name(), fitting));
            try (Fit fit = fits.get()) {
                return heldOut.score(name, run(requests, fit.context(Progress.SILENT)), fit.engine());
            }
        });
    }

    private Decoder run(List<PassRequest> requests, PassContext context) {
        Decoder original = checkpoint.decoder();
        Plan plan = Plan.check(requests, ShippedPasses.ALL, Facts.of(original));
        return Replay.run(plan, original, context);
    }
}
