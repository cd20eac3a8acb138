package dev.twofold.passes.quantize;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.Score;
import dev.twofold.passes.compensate.NormOf;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.weight.SpilledWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

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
    private final BitTexts texts;
    private final Known known;

    /** What was measured before. */
    public interface Known {

        /** Of a place by its name. */
        Optional<PlanScore> score(String place);

        void keep(String place, PlanScore score);
    }

    /**
     * @param decoder in the form that is going to be rounded
     * @param blocks that everything is to be rounded to
     * @param spill where rounded matrices go
     * @param known is asked before anything is measured, and told
     */
    public BitCosts(
            DecoderEngine engine,
            Decoder decoder,
            IntegerBlocks blocks,
            Rounding rounding,
            SpilledWeights spill,
            BitTexts texts,
            Known known) {
        this.engine = engine;
        this.decoder = decoder;
        this.matrices = new MatrixRounding(blocks, List.of(), decoder.facts().layers());
        this.rounding = rounding;
        this.spill = spill;
        this.texts = texts;
        this.known = known;
    }

    /**
     * What one of two sides of a branch is rounded of: what reads the stream, or the last projection.
     *
     * @param branch its number in the step
     */
    private record Side(int step, int branch, boolean readers) {

        String name() {
            return "step " + step + " branch " + branch + (readers ? " readers" : " writer");
        }
    }

    private static final String HEAD = "head";

    /** Every place front to back, the head last. */
    public List<BitCost> measure(Progress progress) {
        List<Step> steps = decoder.steps();
        List<Side> sides = IntStream.range(0, steps.size())
                .boxed()
                .flatMap(step -> sides(step).stream())
                .toList();
        if (sides.stream().anyMatch(side -> known.score(side.name()).isEmpty())
                || known.score(HEAD).isEmpty()) {
            progress.begin("measuring what rounding costs", steps.size(), Progress.Unit.STEPS);
            try (StreamArchive streams = engine.archive();
                    DecoderEngine.Head head = engine.head(decoder)) {
                Places places = new Places(streams, head);
                for (int step = 0; step < steps.size(); step++) {
                    places.measure(step);
                    progress.advance(1);
                }
                places.measureHead();
            }
            progress.end();
        }
        List<BitCost> costs = new ArrayList<>();
        for (Side side : sides) {
            Branch branch = steps.get(side.step()).branches().get(side.branch());
            costs.add(BitCost.of(branch, side.readers(), cost(side.name())));
        }
        costs.add(BitCost.ofHead(cost(HEAD), decoder));
        return costs;
    }

    private double cost(String place) {
        return known.score(place).orElseThrow().kl();
    }

    private List<Side> sides(int step) {
        List<Branch> branches = decoder.steps().get(step).branches();
        return IntStream.range(0, branches.size())
                .filter(branch -> branches.get(branch).body().writer().isPresent())
                .boxed()
                .flatMap(branch -> List.of(new Side(step, branch, true), new Side(step, branch, false)).stream())
                .toList();
    }

    /** The streams of the model with nothing rounded, before every step. */
    private final class Places {
        private final StreamArchive streams;
        private final DecoderEngine.Head head;
        private final HiddenStates end;
        private final DecoderEngine.Head.Scorer scorer;
        private final Score base;
        private HiddenStates fit;

        Places(StreamArchive streams, DecoderEngine.Head head) {
            this.streams = streams;
            this.head = head;
            HiddenStates stream = engine.embed(decoder, texts.scored().inputs());
            for (int step = 0; step < decoder.steps().size(); step++) {
                streams.put(step, stream);
                stream = engine.apply(decoder, decoder.steps().get(step), stream);
            }
            this.end = BitTexts.few(stream);
            this.scorer = head.beside(end, texts.few());
            this.base = scorer.base();
            this.fit = engine.embed(decoder, texts.fitted().inputs());
        }

        /** Of one step; asked for front to back. */
        void measure(int number) {
            for (Side side : sides(number)) {
                if (known.score(side.name()).isEmpty()) {
                    known.keep(side.name(), PlanScore.of(score(side), base));
                }
            }
            if (rounding != Rounding.NEAREST) {
                fit = engine.apply(decoder, decoder.steps().get(number), fit);
            }
        }

        private Score score(Side side) {
            List<Step> steps = decoder.steps();
            List<Branch> branches = new ArrayList<>(steps.get(side.step()).branches());
            Branch branch = branches.get(side.branch());
            Rounder rounder = rounder(branch, side.readers());
            branches.set(
                    side.branch(),
                    side.readers()
                            ? RoundedOperators.round(matrices, branch, rounder, Rounder.LATER)
                            : RoundedOperators.round(matrices, branch, Rounder.LATER, rounder));
            HiddenStates stream = engine.apply(decoder, new Step(branches), streams.get(side.step()));
            for (Step later : steps.subList(side.step() + 1, steps.size())) {
                stream = engine.apply(decoder, later, stream);
            }
            return scorer.score(BitTexts.few(stream));
        }

        private Rounder rounder(Branch branch, boolean readers) {
            if (rounding == Rounding.NEAREST) {
                return Rounder.NEAREST;
            }
            HiddenStates read = readers
                    ? branch.in()
                            .map(norm -> new NormOf(norm, engine).apply(fit))
                            .orElse(fit)
                    : engine.inner(decoder, branch, fit);
            return fitted(read);
        }

        private Rounder fitted(HiddenStates read) {
            InputProducts products = InputProducts.of(read.hidden());
            products.add(engine, read);
            return new FittedRounder(engine, spill, rounding, products);
        }

        /** With the stream as it is: a tied embedding is taken to cost nothing besides. */
        void measureHead() {
            if (known.score(HEAD).isPresent()) {
                return;
            }
            Rounder rounder = rounding == Rounding.NEAREST
                    ? Rounder.NEAREST
                    : fitted(new NormOf(decoder.finalNorm(), engine).apply(fit));
            try (DecoderEngine.Head rounded = engine.head(new RoundedEnds(matrices).round(decoder, rounder))) {
                Score score = new TwoHeads(head, rounded, decoder.facts().vocabularySize()).score(end, texts.few());
                known.keep(HEAD, PlanScore.of(score, base));
            }
        }
    }
}
