package dev.twofold.passes.compensate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Place;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.Facts;
import dev.twofold.pass.FitFinding;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.pipeline.Sources;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a fit reports against what the refitted decoder does, on a tiny model with biases. */
final class CompensateTest {

    private static final int WINDOWS = 12;
    private static final int HELD_OUT = 4;
    /** Layers 1 and 2 share a group: steps 2 and 3 of the paired decoder. */
    private static final LayerRange GROUP = new LayerRange(1, 2);

    @TempDir
    private Path directory;

    private final List<FitFinding> findings = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private final MappedFiles files = new MappedFiles();
    private final SpilledWeights spill = new SpilledWeights();
    private final StepEngine engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), Provider.CPU, 0);
    private final List<int[]> windows = windows();
    private Decoder original;
    private Decoder paired;

    @BeforeEach
    void pair() throws IOException {
        Path checkpoint = TinyLlama.of(DType.F32, 5).attentionBias().mlpBias().write(directory.resolve("tiny"));
        original = Sources.SHIPPED.open(checkpoint).decoder();
        paired = new PairLayers(new PairLayers.Options(List.of(GROUP), null, null, null))
                .run(original, new PassContext(Progress.SILENT));
    }

    @AfterEach
    void close() {
        engine.close();
        files.close();
        spill.close();
    }

    private static List<int[]> windows() {
        Random random = new Random(11);
        List<int[]> windows = new ArrayList<>();
        for (int window = 0; window < WINDOWS; window++) {
            windows.add(random.ints(64, 0, TinyLlama.VOCABULARY).toArray());
        }
        return windows;
    }

    private Decoder compensated(Compensate.Options options) {
        Calibration calibration = new Calibration(engine, windows, HELD_OUT, spill, findings::add, notices::add);
        return new Compensate(options).run(paired, new PassContext(Progress.SILENT, Optional.of(calibration)));
    }

    private static Compensate.Options options(Compensate.Method form, Compensate.Side side) {
        return new Compensate.Options(form, side, null, null, null, null, null, null, null);
    }

    private HiddenStates run(Decoder decoder, int steps) {
        HiddenStates stream = engine.embed(decoder, windows);
        for (Step step : decoder.steps().subList(0, steps)) {
            stream = engine.apply(decoder, step, stream);
        }
        return stream;
    }

    @Test
    void a_trial_of_a_place_is_the_fit_of_a_plan_that_holds_no_other() throws IOException {
        Calibration calibration = new Calibration(engine, windows, HELD_OUT, spill, findings::add, notices::add);
        PassContext context = new PassContext(Progress.SILENT, Optional.of(calibration));
        Compensate.Options options = options(Compensate.Method.REFIT, Compensate.Side.BOTH);
        try (PlaceTrials trials = new PlaceTrials(original, calibration, options, PairLayers.Form.TWO_SYNC)) {
            for (Place place : List.of(
                    StepRange.valueOf("0A-0F"), StepRange.valueOf("1A-2A"), GROUP, StepRange.valueOf("2F-3A"))) {
                Plan plan = Plan.none(5).with(place);
                Decoder merged = new MergeSteps(MergeSteps.Options.of(plan))
                        .run(new PairLayers(PairLayers.Options.NONE.with(plan)).run(original, context), context);
                Decoder refitted = new Compensate(options).run(merged, context);
                LayerGroup expected = LayerGroup.of(refitted).stream()
                        .filter(group -> group.layers().contains(place.firstPlace() / 2))
                        .findFirst()
                        .orElseThrow();
                LayerGroup trial = trials.refit(place, calibration);
                assertThat(trial.layers()).isEqualTo(expected.layers());
                HiddenStates before = run(original, 2 * expected.layers().get(0));
                assertThat(after(trial, before).minus(after(expected, before)).energy())
                        .as("%s", place)
                        .isZero();
            }
        }
    }

    private HiddenStates after(LayerGroup group, HiddenStates before) {
        HiddenStates stream = before;
        for (Step step : group.steps()) {
            stream = engine.apply(original, step, stream);
        }
        return stream;
    }

    @ParameterizedTest
    @CsvSource({"REFIT, BOTH", "REFIT, OUTPUT", "RESCALE, BOTH"})
    void what_is_reported_is_what_the_refitted_group_misses(Compensate.Method form, Compensate.Side side) {
        Decoder refitted = compensated(options(form, side));
        FitFinding last = findings.get(findings.size() - 1);
        assertThat(last.what()).isEqualTo("feed-forward output");
        assertThat(last.layers()).containsExactly(1, 2);
        HiddenStates target = run(original, 6);
        HiddenStates read = run(refitted, 3);
        HiddenStates reached = run(refitted, 4);
        double missed = share(target.minus(reached), target.minus(read), 0);
        assertThat(last.fitAfter()).isEqualTo(missed, within(1e-4 * missed));
        assertThat(last.heldOutAfter())
                .as("weights are fitted to these tokens too, once they have judged the ridge")
                .isGreaterThan(share(target.minus(reached), target.minus(read), WINDOWS - HELD_OUT));
    }

    @Test
    void fits_win_on_tokens_they_have_not_seen_or_are_dropped() {
        compensated(options(Compensate.Method.REFIT, Compensate.Side.BOTH));
        assertThat(findings).hasSizeGreaterThan(3).allSatisfy(fit -> {
            assertThat(fit.heldOutAfter()).isLessThanOrEqualTo(fit.heldOutBefore());
            assertThat(fit.dropped()).isEqualTo(fit.heldOutAfter() == fit.heldOutBefore());
        });
        assertThat(findings).anySatisfy(fit -> assertThat(fit.heldOutAfter()).isLessThan(fit.heldOutBefore()));
    }

    @Test
    void layers_that_run_alone_are_left_as_they_are() {
        Decoder refitted = compensated(options(Compensate.Method.REFIT, Compensate.Side.BOTH));
        assertThat(refitted.steps().subList(0, 2)).isEqualTo(paired.steps().subList(0, 2));
        assertThat(refitted.steps().subList(4, 6)).isEqualTo(paired.steps().subList(4, 6));
        assertThat(refitted.steps().subList(2, 4)).isNotEqualTo(paired.steps().subList(2, 4));
    }

    @Test
    void a_decoder_without_groups_is_left_as_it_is() {
        paired = original;
        assertThat(compensated(options(Compensate.Method.REFIT, Compensate.Side.BOTH)))
                .isEqualTo(original);
        assertThat(findings).isEmpty();
    }

    @Test
    void it_does_not_run_twice_or_on_folded_norms() {
        Compensate pass = new Compensate(options(Compensate.Method.REFIT, Compensate.Side.BOTH));
        Facts facts = Facts.of(original);
        assertThat(pass.check(facts)).isEmpty();
        assertThat(pass.check(facts.with(Compensate.SPEC.establishes(), Compensate.SPEC.removes())))
                .isPresent();
        assertThat(pass.check(facts.with(FoldNorms.SPEC.establishes(), FoldNorms.SPEC.removes())))
                .isPresent();
    }

    private static double share(HiddenStates missed, HiddenStates wanted, int from) {
        return from(missed, from).energy() / from(wanted, from).energy();
    }

    private static HiddenStates from(HiddenStates states, int window) {
        return new HiddenStates(states.windows().subList(window, WINDOWS), states.hidden());
    }
}
