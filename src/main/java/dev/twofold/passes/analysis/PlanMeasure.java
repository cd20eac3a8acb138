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
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Measures plans on a text. Layers before the first group are not run again, nor are those that a plan begins with like
 * one measured shortly before it.
 */
public final class PlanMeasure implements PlanScores, AutoCloseable {

    private final DecoderEngine engine;
    private final Decoder decoder;
    private final LayerStreams original;
    private final PairLayers.Form form;
    private final DecoderEngine.Head head;
    private final DecoderEngine.Head.Scorer scorer;
    private final Score base;
    /** Of the plans measured last; two, because searches compare plans of two kinds in turns. The one used last is the last. */
    private final List<Path> paths;

    public PlanMeasure(DecoderEngine engine, Decoder decoder, LayerStreams original, PairLayers.Form form) {
        this.engine = engine;
        this.decoder = decoder;
        this.original = original;
        this.form = form;
        this.paths = new ArrayList<>(List.of(new Path(engine.archive()), new Path(engine.archive())));
        this.head = engine.head(decoder);
        this.scorer = head.beside(original.before(original.layers().size()), original.text());
        this.base = scorer.base();
    }

    @Override
    public PlanScore score(Plan plan) {
        return PlanScore.of(plan.isEmpty() ? base : scorer.score(run(PlanBlock.of(plan))), base);
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
        return PlanScore.of(scorer.score(stream), base);
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
        return PlanScore.of(scorer.score(stream), base);
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
        Path path = nearest(blocks, untouched);
        int known = path.shared(blocks);
        HiddenStates stream = known > untouched ? path.streams.get(known - 1) : original.before(untouched);
        path.blocks = List.of();
        for (int i = Math.max(known, untouched); i < blocks.size(); i++) {
            stream = after(blocks.get(i).arranged(original.layers(), form).steps(), engine, stream);
            path.streams.put(i, stream);
        }
        path.blocks = blocks;
        return stream;
    }

    /** The path that begins like a plan for longest, or else the one that was of no use for longest; it becomes the last. */
    private Path nearest(List<PlanBlock> blocks, int untouched) {
        Path path = paths.stream()
                .max(Comparator.comparingInt(known -> known.shared(blocks)))
                .filter(known -> known.shared(blocks) > untouched)
                .orElse(paths.get(0));
        paths.remove(path);
        paths.add(path);
        return path;
    }

    /** A plan that was measured, and the stream after each of its blocks from the first group on. */
    private static final class Path {

        private final StreamArchive streams;
        private List<PlanBlock> blocks = List.of();

        Path(StreamArchive streams) {
            this.streams = streams;
        }

        /** How many blocks another plan begins with like this one. */
        int shared(List<PlanBlock> others) {
            int shared = 0;
            while (shared < blocks.size()
                    && shared < others.size()
                    && blocks.get(shared).equals(others.get(shared))) {
                shared++;
            }
            return shared;
        }
    }

    @Override
    public void close() {
        head.close();
        paths.forEach(path -> path.streams.close());
    }
}
