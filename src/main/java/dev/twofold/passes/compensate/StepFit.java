package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Step;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.DecoderEngine;
import dev.twofold.pass.FitFinding;
import dev.twofold.pass.HiddenStates;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Refits the weights of one step whose branches read another stream than the layers they came from did.
 *
 * <ul>
 *   <li>input side: with n what a branch reads now and t what its layer read, {@code D} is the ridge regression of
 *       {@code t - n} on {@code n}, and each projection becomes {@code W (I + D)}: what it makes of n is as near as can be to what
 *       it made of t;
 *   <li>output side: with z what the last projections of all branches read, side by side, and r what the stream still
 *       lacks after the step, they are corrected by the ridge regression of r on z.
 * </ul>
 *
 * <p>The ridge is the one of a short list that does best on tokens that are not fitted to; if none is better there than
 * leaving the weights alone, they are left alone. With the ridge chosen, the fit is solved once more over all tokens.
 */
final class StepFit {

    /** Windows whose activations are held at a time. */
    private static final int BATCH = 16;

    private final Decoder decoder;
    private final Calibration calibration;
    private final DecoderEngine engine;
    private final Compensate.Options options;

    StepFit(Decoder decoder, Calibration calibration, Compensate.Options options) {
        this.decoder = decoder;
        this.calibration = calibration;
        this.engine = calibration.engine();
        this.options = options;
    }

    /**
     * The step with refitted weights.
     *
     * @param read what the step's branches read
     * @param were what each branch's layer read in the original
     * @param target the stream that should come out
     */
    Step refit(Step step, HiddenStates read, List<HiddenStates> were, HiddenStates target) {
        if (options.form() == Compensate.Form.RESCALE) {
            return rescale(step.branches(), read, target);
        }
        List<Branch> branches = new ArrayList<>(step.branches());
        if (options.side() != Compensate.Side.OUTPUT) {
            for (int i = 0; i < branches.size(); i++) {
                branches.set(i, refitReaders(branches.get(i), read, were.get(i)));
            }
        }
        return options.side() == Compensate.Side.INPUT || !FitSize.of(step).fits(options)
                ? new Step(branches)
                : refitWriters(branches, read, target);
    }

    private Branch refitReaders(Branch branch, HiddenStates read, HiddenStates was) {
        HiddenStates now = Streams.normalized(engine, branch.in().orElseThrow(), read);
        HiddenStates lacking =
                Streams.minus(Streams.normalized(engine, branch.in().orElseThrow(), was), now);
        if (Streams.energy(lacking) == 0) {
            return branch;
        }
        Sums fitted = sums(now, lacking, 0, calibration.fitted());
        Sums heldOut =
                sums(now, lacking, calibration.fitted(), calibration.windows().size());
        Projections projections = Projections.of(branch.body());
        List<DMatrixRMaj> matrices = projections.readers().stream()
                .map(reader -> matrix(reader.weight()))
                .toList();
        DMatrixRMaj all = CommonOps_DDRM.concatRowsMulti(matrices.toArray(DMatrixRMaj[]::new));
        double before = heldOut.seen(all);
        RidgeChoice choice = RidgeChoice.best(
                options.ridges(), fitted.equations()::solve, correction -> heldOut.seen(correction, all), before);
        String what = projections.operator() + " " + String.join(", ", projections.names());
        report(
                branch.origin().layers(),
                what,
                choice,
                fitted.seen(all) / fitted.reached(all),
                (choice.dropped() ? fitted.seen(all) : fitted.seen(choice.correction(), all)) / fitted.reached(all),
                before / heldOut.reached(all),
                choice.heldOut() / heldOut.reached(all));
        if (choice.dropped()) {
            return branch;
        }
        fitted.equations().add(heldOut.equations());
        DMatrixRMaj correction = fitted.equations().solve(choice.ridge());
        List<Linear> readers = new ArrayList<>();
        for (int i = 0; i < matrices.size(); i++) {
            DMatrixRMaj refitted = matrices.get(i).copy();
            CommonOps_DDRM.multAddTransB(matrices.get(i), correction, refitted);
            readers.add(keep(
                    projections.readers().get(i),
                    refitted,
                    projections.names().get(i) + " of " + branch.origin().layers()));
        }
        return branch.withBody(Projections.replace(branch.body(), readers, projections.writer()));
    }

    /**
     * Sums over tokens of a fit of inputs.
     *
     * @param targets {@code E^T E} of the residual
     * @param total {@code T^T T} of what is to be reached
     */
    private record Sums(NormalEquations equations, DMatrixRMaj targets, DMatrixRMaj total) {

        double seen(DMatrixRMaj projections) {
            return quadratic(targets, projections);
        }

        double seen(DMatrixRMaj correction, DMatrixRMaj projections) {
            return equations.error(correction, projections, targets);
        }

        double reached(DMatrixRMaj projections) {
            return quadratic(total, projections);
        }

        /** {@code trace(W S W^T)}. */
        private static double quadratic(DMatrixRMaj sums, DMatrixRMaj projections) {
            DMatrixRMaj applied = new DMatrixRMaj(projections.numRows, projections.numCols);
            CommonOps_DDRM.mult(projections, sums, applied);
            double sum = 0;
            for (int i = 0; i < applied.data.length; i++) {
                sum += applied.data[i] * projections.data[i];
            }
            return sum;
        }
    }

    private Sums sums(HiddenStates now, HiddenStates lacking, int from, int to) {
        int hidden = now.hidden();
        NormalEquations equations = new NormalEquations(hidden, hidden);
        DMatrixRMaj targets = new DMatrixRMaj(hidden, hidden);
        DMatrixRMaj total = new DMatrixRMaj(hidden, hidden);
        for (int start = from; start < to; start += BATCH) {
            int end = Math.min(start + BATCH, to);
            HiddenStates inputs = Streams.part(now, start, end);
            HiddenStates residual = Streams.part(lacking, start, end);
            HiddenStates reached = Streams.plus(inputs, residual);
            equations.add(engine, List.of(inputs), residual);
            engine.addProduct(residual, residual, targets.data);
            engine.addProduct(reached, reached, total.data);
        }
        return new Sums(equations, targets, total);
    }

    private Step refitWriters(List<Branch> branches, HiddenStates read, HiddenStates target) {
        int inputs = branches.stream().mapToInt(StepFit::width).sum();
        NormalEquations fitted = new NormalEquations(inputs, read.hidden());
        NormalEquations heldOut = new NormalEquations(inputs, read.hidden());
        Step step = new Step(branches);
        eachBatch((from, to, held) -> {
            HiddenStates batch = Streams.part(read, from, to);
            List<HiddenStates> inner = branches.stream()
                    .map(branch -> engine.inner(decoder, branch, batch))
                    .toList();
            HiddenStates residual = Streams.minus(Streams.part(target, from, to), engine.apply(decoder, step, batch));
            (held ? heldOut : fitted).add(engine, inner, residual);
        });
        RidgeChoice choice = RidgeChoice.best(options.ridges(), fitted::solve, heldOut::error, heldOut.error());
        reportOutput(branches, choice, fitted.error(), fitted::error, heldOut.error(), Streams.minus(target, read));
        if (choice.dropped()) {
            return step;
        }
        fitted.add(heldOut);
        return corrected(branches, fitted.solve(choice.ridge()));
    }

    private Step rescale(List<Branch> branches, HiddenStates read, HiddenStates target) {
        ScaleFit fitted = new ScaleFit(branches.size(), read.hidden());
        ScaleFit heldOut = new ScaleFit(branches.size(), read.hidden());
        eachBatch((from, to, held) -> {
            HiddenStates batch = Streams.part(read, from, to);
            HiddenStates residual = Streams.minus(Streams.part(target, from, to), batch);
            List<HiddenStates> added = new ArrayList<>();
            for (Branch branch : branches) {
                HiddenStates addition = Streams.minus(engine.apply(decoder, Step.of(branch), batch), batch);
                residual = Streams.minus(residual, addition);
                added.add(addition);
            }
            (held ? heldOut : fitted).add(added, residual);
        });
        RidgeChoice choice = RidgeChoice.best(options.ridges(), fitted::solve, heldOut::error, heldOut.error());
        reportOutput(branches, choice, fitted.error(), fitted::error, heldOut.error(), Streams.minus(target, read));
        if (choice.dropped()) {
            return new Step(branches);
        }
        fitted.add(heldOut);
        return scaled(branches, fitted.solve(choice.ridge()));
    }

    /** Windows {@code from} to {@code to - 1}, all held out or none. */
    private interface Batch {
        void use(int from, int to, boolean held);
    }

    private void eachBatch(Batch batch) {
        int windows = calibration.windows().size();
        for (int from = 0; from < windows; ) {
            boolean held = from >= calibration.fitted();
            int to = Math.min(from + BATCH, held ? windows : calibration.fitted());
            batch.use(from, to, held);
            from = to;
        }
    }

    /** @param added what the step should add to the stream, by which errors are judged */
    private void reportOutput(
            List<Branch> branches,
            RidgeChoice choice,
            double fitBefore,
            ToDoubleFunction<DMatrixRMaj> fitError,
            double heldOutBefore,
            HiddenStates added) {
        int windows = calibration.windows().size();
        double fitScale = Streams.energy(Streams.part(added, 0, calibration.fitted()));
        double heldOutScale = Streams.energy(Streams.part(added, calibration.fitted(), windows));
        double fitAfter = choice.dropped() ? fitBefore : fitError.applyAsDouble(choice.correction());
        report(
                branches.stream()
                        .flatMap(branch -> branch.origin().layers().stream())
                        .toList(),
                Projections.of(branches.get(0).body()).operator() + " output",
                choice,
                fitBefore / fitScale,
                fitAfter / fitScale,
                heldOutBefore / heldOutScale,
                choice.heldOut() / heldOutScale);
    }

    private Step scaled(List<Branch> branches, DMatrixRMaj factors) {
        List<Branch> refitted = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            DMatrixRMaj weight =
                    matrix(Projections.of(branches.get(i).body()).writer().weight());
            ScaleFit.apply(factors, i, weight);
            refitted.add(withWriter(branches.get(i), weight));
        }
        return new Step(refitted);
    }

    /** Adds to each last projection its rows of a correction {@code [inputs, hidden]}. */
    private Step corrected(List<Branch> branches, DMatrixRMaj correction) {
        List<Branch> refitted = new ArrayList<>();
        int row = 0;
        for (Branch branch : branches) {
            Projections projections = Projections.of(branch.body());
            DMatrixRMaj weight = matrix(projections.writer().weight());
            DMatrixRMaj rows = CommonOps_DDRM.extract(correction, row, row + weight.numCols, 0, weight.numRows);
            CommonOps_DDRM.addEquals(weight, CommonOps_DDRM.transpose(rows, null));
            refitted.add(withWriter(branch, weight));
            row += weight.numCols;
        }
        return new Step(refitted);
    }

    private Branch withWriter(Branch branch, DMatrixRMaj weight) {
        Projections projections = Projections.of(branch.body());
        Linear writer = keep(
                projections.writer(),
                weight,
                projections.operator() + " output of " + branch.origin().layers());
        return branch.withBody(Projections.replace(branch.body(), projections.readers(), writer));
    }

    /** Columns of the last projection of a branch. */
    static int width(Branch branch) {
        return Math.toIntExact(
                Projections.of(branch.body()).writer().weight().shape().dim(1));
    }

    private DMatrixRMaj matrix(Weight weight) {
        float[] values = engine.read(weight);
        DMatrixRMaj matrix = new DMatrixRMaj(
                Math.toIntExact(weight.shape().dim(0)),
                Math.toIntExact(weight.shape().dim(1)));
        IntStream.range(0, values.length).forEach(i -> matrix.data[i] = values[i]);
        return matrix;
    }

    private Linear keep(Linear before, DMatrixRMaj weight, String name) {
        float[] values = new float[weight.data.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) weight.data[i];
        }
        return new Linear(calibration.spill().keep(name, before.weight().shape(), values), before.bias());
    }

    private void report(
            List<Integer> layers,
            String what,
            RidgeChoice choice,
            double fitBefore,
            double fitAfter,
            double heldOutBefore,
            double heldOutAfter) {
        calibration
                .findings()
                .accept(new FitFinding(layers, what, choice.ridge(), fitBefore, fitAfter, heldOutBefore, heldOutAfter));
    }
}
