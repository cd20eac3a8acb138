package dev.twofold.passes.analysis;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.Score;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.PlanBlock;
import java.util.Collections;
import java.util.List;

/**
 * Measures plans on a text. Layers before the first group are not run again, nor are those that a plan begins with like
 * the one measured before it.
 */
public final class PlanMeasure implements PlanScores, AutoCloseable {

    private final DecoderEngine engine;
    private final Decoder decoder;
    private final LayerStreams original;
    private final PairLayers.Form form;
    private final StreamArchive archive;
    private final HiddenStates last;
    private final DecoderEngine.Head head;
    private final Score base;
    /** The plan measured last. The archive holds the stream after each of its blocks from the first group on. */
    private List<PlanBlock> path = List.of();

    public PlanMeasure(DecoderEngine engine, Decoder decoder, LayerStreams original, PairLayers.Form form) {
        this.engine = engine;
        this.decoder = decoder;
        this.original = original;
        this.form = form;
        this.archive = engine.archive();
        this.last = original.before(original.layers().size());
        this.head = engine.head(decoder);
        this.base = head.score(last, last, original.text());
    }

    @Override
    public PlanScore score(Plan plan) {
        return PlanScore.of(plan.isEmpty() ? base : head.score(last, run(PlanBlock.of(plan)), original.text()), base);
    }

    /**
     * The score of a rewritten decoder, all of which is run.
     *
     * @param runner of its steps
     */
    public PlanScore score(Decoder rewritten, DecoderEngine runner) {
        HiddenStates stream = original.before(0);
        for (Step step : rewritten.steps()) {
            stream = runner.apply(rewritten, step, stream);
        }
        return PlanScore.of(head.score(last, stream, original.text()), base);
    }

    /**
     * The score of the original with some neighbouring layers replaced.
     *
     * @param replaced what is in their place
     * @param runner of its steps
     */
    public PlanScore score(LayerGroup replaced, DecoderEngine runner) {
        int first = Collections.min(replaced.layers());
        int next = Collections.max(replaced.layers()) + 1;
        HiddenStates stream = after(replaced.steps(), runner, original.before(first));
        for (LayerGroup layer :
                original.layers().subList(next, original.layers().size())) {
            stream = after(layer.steps(), engine, stream);
        }
        return PlanScore.of(head.score(last, stream, original.text()), base);
    }

    private HiddenStates after(List<Step> steps, DecoderEngine runner, HiddenStates before) {
        HiddenStates stream = before;
        for (Step step : steps) {
            stream = runner.apply(decoder, step, stream);
        }
        return stream;
    }

    private HiddenStates run(List<PlanBlock> blocks) {
        int untouched = 0;
        while (blocks.get(untouched).isAlone()) {
            untouched++;
        }
        int known = 0;
        while (known < path.size() && known < blocks.size() && path.get(known).equals(blocks.get(known))) {
            known++;
        }
        HiddenStates stream = known > untouched ? archive.get(known - 1) : original.before(untouched);
        path = List.of();
        for (int i = Math.max(known, untouched); i < blocks.size(); i++) {
            stream = after(blocks.get(i).arranged(original.layers(), form).steps(), engine, stream);
            archive.put(i, stream);
        }
        path = blocks;
        return stream;
    }

    @Override
    public void close() {
        head.close();
        archive.close();
    }
}
