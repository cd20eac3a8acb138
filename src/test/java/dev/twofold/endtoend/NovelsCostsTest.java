package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.inspection.Correlation;
import dev.twofold.layers.LayerRange;
import dev.twofold.measure.PlanScore;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import dev.twofold.ort.Provider;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.analysis.GroupCosts;
import dev.twofold.passes.analysis.LayerStreams;
import dev.twofold.passes.analysis.PlanMeasure;
import dev.twofold.passes.rewrite.PairLayers.Form;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Novels;
import dev.twofold.tokenizer.TokenizerFile;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Costs of pairs of the trained model, against those that others measured. */
final class NovelsCostsTest {

    private static final Path ALICE = Path.of("src/main/resources/dev/twofold/text/alice.txt");

    /** Nats, by an independent implementation on 24,576 tokens of Alice. */
    private static final List<Double> PUBLISHED = List.of(
            1.1197, 0.0029, 0.0008, 0.0011, 0.0018, 0.0005, 0.0006, 0.0002, 0.0012, -0.0003, -0.0001, 0.0036, 0.0067,
            0.0150, 0.0388);

    /** Past the table of contents. */
    private static TextWindows text(Decoder decoder) throws IOException {
        try (TokenizerFile tokenizer = TokenizerFile.open(Novels.CHECKPOINT)) {
            int[] ids =
                    tokenizer.encode(Files.readString(ALICE), decoder.facts().vocabularySize());
            return TextWindows.cut(new TokenizedText(ids, Optional.empty()).from(512), 256, 1536);
        }
    }

    @Test
    void agree_with_those_measured_independently() throws IOException {
        Decoder decoder = Sources.SHIPPED.open(Novels.CHECKPOINT).decoder();
        try (MappedFiles files = new MappedFiles();
                StepEngine engine = new StepEngine(new PlainLowering(), new WeightEvaluator(files), Provider.CPU, 0);
                LayerStreams streams = LayerStreams.run(engine, decoder, text(decoder), Progress.SILENT);
                PlanMeasure measure = new PlanMeasure(engine, decoder, streams, Form.TWO_SYNC)) {
            GroupCosts costs = GroupCosts.measure(measure, 16, 2, GroupCosts.Extent.ALL);
            List<Correlation.Point> points = IntStream.range(0, 15)
                    .mapToObj(first -> {
                        LayerRange pair = new LayerRange(first, first + 1);
                        PlanScore score = costs.scores().get(pair);
                        double rise = score.loss() - costs.base().loss();
                        assertThat(rise)
                                .as("%s", pair)
                                .isCloseTo(PUBLISHED.get(first), within(4 * score.riseError() + 0.0005));
                        return new Correlation.Point(PUBLISHED.get(first), rise);
                    })
                    .toList();
            assertThat(Correlation.of(points).spearman()).isGreaterThan(0.7);
        }
    }
}
