package dev.twofold.graph.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.lower.LogitsSpan;
import dev.twofold.graph.lower.Padding;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.inspection.PlannedModel;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.PipelineReader;
import dev.twofold.recipe.Recipe;
import dev.twofold.target.Part;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table against the graphs of every family: none has an operator without a row, and no row is without a use. */
final class OperatorTableTest {

    private static final List<String> PLANS = List.of(
            "[fold-norms, widen]",
            "[{pair-layers: {window: '0:2'}}, fold-norms, widen, {cast: {dtype: fp16}}]",
            "[{pair-layers: {pairs: [1-2], form: one-sync}}, fold-norms, widen]",
            "[{pair-layers: {window: '0:4'}}, {shard: {devices: 2}}]",
            "[{pair-layers: {window: '0:2'}}, fold-norms, widen, {shard: {devices: 2, vocabulary: true}}]",
            "[fold-norms, widen, {quantize: {bits: 4, block: 16, symmetric: false}}, {shard: {devices: 2}}]");

    @TempDir
    private Path directory;

    @Test
    void what_is_emitted_has_a_row_and_every_row_is_emitted() throws IOException {
        Set<String> emitted = new TreeSet<>();
        for (Path checkpoint : checkpoints()) {
            Decoder original = Sources.SHIPPED.describe(checkpoint);
            for (String plan : PLANS) {
                Recipe recipe = PipelineReader.parse("plan", "steps: " + plan);
                for (DialectName dialect : DialectName.values()) {
                    emitted.addAll(names(lowered(original, recipe, dialect)));
                }
            }
            emitted.addAll(names(plain(original)));
        }
        assertThat(emitted)
                .containsExactlyInAnyOrderElementsOf(OperatorTable.rows().stream()
                        .map(row -> row.name().toString())
                        .toList());
    }

    /** Every family, and the one activation that none of the tiny checkpoints has. */
    private List<Path> checkpoints() throws IOException {
        String config = Files.readString(TinyFamilies.checkpoint("gpt2").resolve("config.json"));
        Files.writeString(directory.resolve("config.json"), config.replace("gelu_new", "relu"));
        return Stream.concat(TinyFamilies.names().stream().map(TinyFamilies::checkpoint), Stream.of(directory))
                .toList();
    }

    private static List<String> names(List<NodeProto> nodes) {
        return nodes.stream().map(node -> OperatorName.of(node).toString()).toList();
    }

    /** The nodes that a plan comes to with every engine. */
    private static List<NodeProto> lowered(Decoder original, Recipe recipe, DialectName dialect) {
        List<NodeProto> nodes = new ArrayList<>();
        for (OnnxOptions form : forms(dialect)) {
            try {
                Decoder decoder = PlannedModel.of(original, recipe, dialect, KvLayout.PER_LAYER)
                        .decoder();
                OnnxTarget target = new OnnxTarget(form, TrialRuntime.NONE);
                for (Part part : target.parts(decoder)) {
                    nodes.addAll(target.graph(part.decoder()).nodes());
                }
            } catch (TwofoldException refused) {
                assertThat(refused.kind()).isNotEqualTo(Kind.ENVIRONMENT);
            }
        }
        return nodes;
    }

    private static List<OnnxOptions> forms(DialectName dialect) {
        List<OnnxOptions> forms = new ArrayList<>();
        for (CollectiveName engine : CollectiveName.values()) {
            forms.add(new OnnxOptions(dialect, KvLayout.PER_LAYER, engine));
        }
        forms.add(new OnnxOptions(
                dialect, KvLayout.PER_LAYER, CollectiveName.ORT, Optional.empty(), Padding.ANY, LogitsSpan.LAST));
        return forms;
    }

    /** The nodes of the reference of a decoder. */
    private static List<NodeProto> plain(Decoder decoder) throws IOException {
        PlainGraphs lowering = new PlainLowering();
        List<PlainGraph> graphs = new ArrayList<>(List.of(
                lowering.product(),
                lowering.multiplication(),
                lowering.head(decoder, decoder.head()),
                lowering.finalNorm(decoder),
                lowering.logitSums(decoder, decoder.head()),
                lowering.meanRow(decoder, decoder.head()),
                lowering.meanGap(decoder, decoder.head())));
        decoder.steps().forEach(step -> graphs.add(lowering.step(decoder, step, 8)));
        graphs.add(lowering.peaks(decoder, decoder.steps().get(0), 8));
        List<NodeProto> nodes = new ArrayList<>();
        for (PlainGraph graph : graphs) {
            nodes.addAll(ModelProto.parseFrom(graph.model()).getGraph().getNodeList());
        }
        return nodes;
    }
}
