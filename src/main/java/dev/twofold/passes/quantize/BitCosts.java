package dev.twofold.passes.quantize;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.measure.TextWindows;
import dev.twofold.passes.compensate.NormOf;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.SpilledWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what rounding costs, one place at a time: what an operator reads together (q, k and v; gate and up), or what it writes with, is
 * rounded in the way that is asked for, and the model runs on from there. Operators without one last projection are left out, and
 * rounded as the rest.
 */
public final class BitCosts {

    private final DecoderEngine engine;
    private final Decoder decoder;
    private final MatrixRounding matrices;
    private final Rounding rounding;
    private final SpilledWeights spill;
    private final TextWindows fitted;
    private final TextWindows scored;

    /**
     * @param decoder in the form that is going to be rounded
     * @param blocks that everything is to be rounded to
     * @param spill where rounded matrices go
     * @param fitted what rounding by a text is fitted to
     * @param scored what it costs is measured on
     */
    public BitCosts(
            DecoderEngine engine,
            Decoder decoder,
            IntegerBlocks blocks,
            Rounding rounding,
            SpilledWeights spill,
            TextWindows fitted,
            TextWindows scored) {
        this.engine = engine;
        this.decoder = decoder;
        this.matrices = new MatrixRounding(blocks, List.of(), decoder.facts().layers());
        this.rounding = rounding;
        this.spill = spill;
        this.fitted = fitted;
        this.scored = scored;
    }

    /** Every place front to back, the head last. */
    public List<BitCost> measure(Progress progress) {
        progress.begin("measuring what rounding costs", decoder.steps().size(), Progress.Unit.STEPS);
        try (StreamArchive streams = engine.archive();
                DecoderEngine.Head head = engine.head(decoder)) {
            Places places = new Places(streams, head);
            List<BitCost> costs = new ArrayList<>();
            for (int step = 0; step < decoder.steps().size(); step++) {
                costs.addAll(places.of(step));
                progress.advance(1);
            }
            costs.add(places.ofHead());
            progress.end();
            return costs;
        }
    }

    private Rounder rounder(HiddenStates inputs) {
        if (rounding == Rounding.NEAREST) {
            return Rounder.NEAREST;
        }
        InputProducts products = InputProducts.of(inputs.hidden());
        products.add(engine, inputs);
        return new FittedRounder(engine, spill, rounding, products);
    }

    /** The streams of the model with nothing rounded, before every step. */
    private final class Places {
        private final StreamArchive streams;
        private final DecoderEngine.Head head;
        private final HiddenStates end;
        private HiddenStates fit;

        Places(StreamArchive streams, DecoderEngine.Head head) {
            this.streams = streams;
            this.head = head;
            HiddenStates stream = engine.embed(decoder, scored.inputs());
            for (int step = 0; step < decoder.steps().size(); step++) {
                streams.put(step, stream);
                stream = engine.apply(decoder, decoder.steps().get(step), stream);
            }
            this.end = stream;
            this.fit = engine.embed(decoder, fitted.inputs());
        }

        /** Of one step; asked for front to back. */
        List<BitCost> of(int number) {
            Step step = decoder.steps().get(number);
            List<BitCost> costs = new ArrayList<>();
            for (int i = 0; i < step.branches().size(); i++) {
                Branch branch = step.branches().get(i);
                if (branch.body().writer().isEmpty()) {
                    continue;
                }
                Rounder readers = rounder(branch.in()
                        .map(norm -> new NormOf(norm, engine).apply(fit))
                        .orElse(fit));
                costs.add(BitCost.of(
                        branch,
                        true,
                        lost(number, i, RoundedOperators.round(matrices, branch, readers, Rounder.LATER))));
                Rounder writer = rounder(engine.inner(decoder, branch, fit));
                costs.add(BitCost.of(
                        branch,
                        false,
                        lost(number, i, RoundedOperators.round(matrices, branch, Rounder.LATER, writer))));
            }
            fit = engine.apply(decoder, step, fit);
            return costs;
        }

        private double lost(int number, int place, Branch rounded) {
            List<Branch> branches = new ArrayList<>(decoder.steps().get(number).branches());
            branches.set(place, rounded);
            HiddenStates stream = engine.apply(decoder, new Step(branches), streams.get(number));
            for (Step later :
                    decoder.steps().subList(number + 1, decoder.steps().size())) {
                stream = engine.apply(decoder, later, stream);
            }
            return head.score(end, stream, scored).kl();
        }

        /** With the stream as it is: a tied embedding is taken to cost nothing besides. */
        BitCost ofHead() {
            Rounder rounder = rounder(new NormOf(decoder.finalNorm(), engine).apply(fit));
            double sum = 0;
            try (DecoderEngine.Head rounded = engine.head(new RoundedEnds(matrices).round(decoder, rounder))) {
                for (int window = 0; window < scored.inputs().size(); window++) {
                    sum += divergence(
                            head.logits(end, window),
                            rounded.logits(end, window),
                            decoder.facts().vocabularySize());
                }
            }
            return BitCost.ofHead(sum / scored.tokens(), decoder);
        }
    }

    /** Sum over tokens of the divergence of distributions over a vocabulary, in nats. */
    private static double divergence(float[] base, float[] other, int vocabulary) {
        double sum = 0;
        for (int from = 0; from < base.length; from += vocabulary) {
            double baseSum = logSum(base, from, vocabulary);
            double otherSum = logSum(other, from, vocabulary);
            for (int i = from; i < from + vocabulary; i++) {
                double logarithm = base[i] - baseSum;
                sum += Math.exp(logarithm) * (logarithm - other[i] + otherSum);
            }
        }
        return sum;
    }

    private static double logSum(float[] logits, int from, int count) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += Math.exp(logits[i] - largest);
        }
        return largest + Math.log(sum);
    }
}
