package dev.twofold.passes.analysis;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.Score;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.ArrayList;
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
    private List<Block> path = List.of();

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

    /** A layer, or a group of them. */
    private record Block(int first, int last) {
        boolean alone() {
            return first == last;
        }
    }

    @Override
    public PlanScore score(Plan plan) {
        return PlanScore.of(
                plan.groups().isEmpty() ? base : head.score(last, run(blocks(plan)), original.text()), base);
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

    private HiddenStates run(List<Block> blocks) {
        int untouched = 0;
        while (blocks.get(untouched).alone()) {
            untouched++;
        }
        int known = 0;
        while (known < path.size() && known < blocks.size() && path.get(known).equals(blocks.get(known))) {
            known++;
        }
        HiddenStates stream = known > untouched ? archive.get(known - 1) : original.before(untouched);
        path = List.of();
        for (int i = Math.max(known, untouched); i < blocks.size(); i++) {
            for (Step step : steps(blocks.get(i))) {
                stream = engine.apply(decoder, step, stream);
            }
            archive.put(i, stream);
        }
        path = blocks;
        return stream;
    }

    private List<Step> steps(Block block) {
        List<LayerGroup> layers = original.layers().subList(block.first(), block.last() + 1);
        return block.alone()
                ? layers.get(0).steps()
                : PairLayers.sideBySide(layers, form).steps();
    }

    private static List<Block> blocks(Plan plan) {
        List<Block> blocks = new ArrayList<>();
        int next = 0;
        for (LayerRange group : plan.groups()) {
            alone(blocks, next, group.first());
            blocks.add(new Block(group.first(), group.last()));
            next = group.last() + 1;
        }
        alone(blocks, next, plan.layers());
        return List.copyOf(blocks);
    }

    private static void alone(List<Block> blocks, int from, int to) {
        for (int layer = from; layer < to; layer++) {
            blocks.add(new Block(layer, layer));
        }
    }

    @Override
    public void close() {
        head.close();
        archive.close();
    }
}
