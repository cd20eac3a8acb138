package dev.twofold.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.StepName;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.Plan;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.rewrite.PairLayers.Form;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against the definitions in float64. */
final class PlanMeasureTest {

    private static final Offset<Double> CLOSE = within(2e-6);

    @TempDir
    private Path directory;

    /** Sums over one window. */
    private record Window(int tokens, double baseLoss, double loss, double kl, int right) {}

    private static Plan grouping(int layers, String... ranges) {
        return Plan.ofGroups(
                layers, List.of(ranges).stream().map(LayerRange::valueOf).toList());
    }

    private static List<Window> exact(TinyRun tiny, Plan plan, Form form) {
        return IntStream.range(0, tiny.text.inputs().size())
                .mapToObj(window -> {
                    List<double[][]> places = tiny.exact(window);
                    double[][] stream = places.get(0);
                    for (int layer = 0; layer < plan.layers(); layer++) {
                        int first = layer;
                        List<Integer> group = plan.groups().stream()
                                .filter(range -> range.first() == first)
                                .map(LayerRange::layers)
                                .findFirst()
                                .orElse(List.of(layer));
                        stream = form == Form.STAGGERED
                                ? tiny.reference.staggered(stream, group)
                                : tiny.reference.run(stream, group, form == Form.ONE_SYNC);
                        layer += group.size() - 1;
                    }
                    return window(
                            tiny.reference.head(places.get(places.size() - 1)),
                            tiny.reference.head(stream),
                            tiny.text.targets().get(window));
                })
                .toList();
    }

    private static Window window(double[][] base, double[][] model, int[] next) {
        double baseLoss = 0;
        double loss = 0;
        double kl = 0;
        int right = 0;
        for (int token = 0; token < next.length; token++) {
            double[] p = probabilities(base[token]);
            double[] q = probabilities(model[token]);
            baseLoss -= Math.log(p[next[token]]);
            loss -= Math.log(q[next[token]]);
            int best = 0;
            for (int i = 0; i < p.length; i++) {
                kl += p[i] * Math.log(p[i] / q[i]);
                best = q[i] > q[best] ? i : best;
            }
            right += best == next[token] ? 1 : 0;
        }
        return new Window(next.length, baseLoss, loss, kl, right);
    }

    private static double[] probabilities(double[] logits) {
        double[] values = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i]))
                .toArray();
        double sum =
                IntStream.range(0, values.length).mapToDouble(i -> values[i]).sum();
        return IntStream.range(0, values.length)
                .mapToDouble(i -> values[i] / sum)
                .toArray();
    }

    @ParameterizedTest
    @EnumSource
    void loss_divergence_accuracy_and_error_match_the_reference(Form form) throws IOException {
        try (TinyRun tiny = new TinyRun(TinyLlama.create(), directory);
                PlanMeasure measure = new PlanMeasure(tiny.engine, tiny.decoder, tiny.streams, form)) {
            for (Plan plan : List.of(
                    grouping(4),
                    grouping(4, "0-1"),
                    grouping(4, "1-2"),
                    grouping(4, "0-1", "2-3"),
                    grouping(4, "0-3"))) {
                List<Window> windows = exact(tiny, plan, form);
                int tokens = windows.stream().mapToInt(Window::tokens).sum();
                double rise = windows.stream()
                                .mapToDouble(window -> window.loss() - window.baseLoss())
                                .sum()
                        / tokens;
                double squares = windows.stream()
                        .mapToDouble(window -> window.loss() - window.baseLoss() - rise * window.tokens())
                        .map(gap -> gap * gap)
                        .sum();
                PlanScore score = measure.score(plan);
                assertThat(score.loss())
                        .isCloseTo(windows.stream().mapToDouble(Window::loss).sum() / tokens, CLOSE);
                assertThat(score.kl())
                        .isCloseTo(windows.stream().mapToDouble(Window::kl).sum() / tokens, CLOSE);
                assertThat(score.accuracy())
                        .isEqualTo((double)
                                        windows.stream().mapToInt(Window::right).sum()
                                / tokens);
                assertThat(score.riseError()).isCloseTo(Math.sqrt(1.5 * squares) / tokens, CLOSE);
            }
        }
    }

    @Test
    void merged_steps_are_measured_as_the_reference_runs_them() throws IOException {
        try (TinyRun tiny = new TinyRun(TinyLlama.create(), directory);
                PlanMeasure measure = new PlanMeasure(tiny.engine, tiny.decoder, tiny.streams, Form.TWO_SYNC)) {
            for (String merges : List.of("0A-0F", "1F-2A", "0F-1A,1F-3A", "0A-1A,2F-3F")) {
                List<StepRange> runs =
                        Stream.of(merges.split(",")).map(StepRange::valueOf).toList();
                Plan plan = new Plan(4, List.copyOf(runs));
                double loss = 0;
                int tokens = 0;
                for (int window = 0; window < tiny.text.inputs().size(); window++) {
                    List<double[][]> layers = tiny.exact(window);
                    double[][] stream = layers.get(0);
                    for (int place = 0; place < 8; place++) {
                        int first = place;
                        List<StepName> parts = runs.stream()
                                .filter(run -> run.firstPlace() == first)
                                .map(StepRange::steps)
                                .findFirst()
                                .orElse(List.of(StepName.at(place)));
                        stream = tiny.reference.step(stream, parts);
                        place += parts.size() - 1;
                    }
                    Window exact = window(
                            tiny.reference.head(layers.get(4)),
                            tiny.reference.head(stream),
                            tiny.text.targets().get(window));
                    loss += exact.loss();
                    tokens += exact.tokens();
                }
                assertThat(measure.score(plan).loss()).as(merges).isCloseTo(loss / tokens, CLOSE);
            }
        }
    }

    @Test
    void the_original_diverges_from_itself_by_nothing() throws IOException {
        try (TinyRun tiny = new TinyRun(TinyLlama.create(), directory);
                PlanMeasure measure = new PlanMeasure(tiny.engine, tiny.decoder, tiny.streams, Form.TWO_SYNC)) {
            PlanScore base = measure.score(Plan.none(4));
            assertThat(base.kl()).isZero();
            assertThat(base.riseError()).isZero();
            assertThat(base.increase(base)).isZero();
        }
    }

    @Test
    void what_was_measured_before_does_not_matter() throws IOException {
        List<Plan> plans = new ArrayList<>(Groupings.all(6, 3));
        Collections.shuffle(plans, new Random(5));
        try (TinyRun tiny = new TinyRun(TinyLlama.deep(6, 2), directory);
                PlanMeasure after = new PlanMeasure(tiny.engine, tiny.decoder, tiny.streams, Form.TWO_SYNC)) {
            for (Plan plan : plans) {
                try (PlanMeasure alone = new PlanMeasure(tiny.engine, tiny.decoder, tiny.streams, Form.TWO_SYNC)) {
                    assertThat(after.score(plan)).as("%s", plan).isEqualTo(alone.score(plan));
                }
            }
        }
    }
}
