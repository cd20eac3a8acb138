package dev.twofold.source.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.Optional;

/** The decoder that a graph computes, from its logits back to its embedding. */
final class GraphDecoder {

    private static final int MAX_SIZE = 1 << 26;

    private final ModelGraph graph;
    private final Settings settings;
    private final BranchReader branches;
    private final Addends addends;

    GraphDecoder(ModelGraph graph, Settings settings, BranchReader branches) {
        this.graph = graph;
        this.settings = settings;
        this.branches = branches;
        this.addends = new Addends(graph);
    }

    /** @throws TwofoldException of kind INPUT that names the node which is not recognised, and what was expected there */
    Decoder read(Value logits) {
        HeadReader.Head head = HeadReader.read(graph, logits);
        List<Value> all = addends.of(head.stream());
        List<Value> begin = all.stream().filter(EmbeddingReader::isEmbedding).toList();
        Embedding embedding = EmbeddingReader.read(graph, begin, head.stream());
        List<Found> found = all.stream()
                .filter(value -> !begin.contains(value))
                .map(branches::read)
                .toList();
        Layers layers = new Layers(graph, found);
        List<Step> steps = new StreamReader(graph, addends).steps(all, begin, found, layers);
        return new Decoder(
                facts(head, embedding, steps, layers),
                embedding,
                steps,
                head.norm(),
                head.linear(),
                head.cap(),
                Precision.FP32);
    }

    private ModelFacts facts(HeadReader.Head head, Embedding embedding, List<Step> steps, Layers layers) {
        long vocabulary = head.linear().outputs();
        long hidden = embedding.table().shape().columns();
        if (Math.max(vocabulary, hidden) > MAX_SIZE || layers.count() == 0) {
            throw TwofoldException.input("no decoder of a size that there is")
                    .at(Origin.file(graph.file()))
                    .found(vocabulary + " tokens, a stream of " + hidden + ", " + layers.count() + " caches");
        }
        Decoder alone = new Decoder(
                settings.facts(graph.file().toString(), 1, 2, (int) hidden, (int) vocabulary, Optional.empty()),
                embedding,
                steps,
                head.norm(),
                head.linear(),
                head.cap(),
                Precision.FP32);
        int last = alone.branches()
                .flatMap(branch -> branch.origin().layers().stream())
                .mapToInt(Integer::intValue)
                .max()
                .orElse(0);
        boolean together = steps.stream().allMatch(step -> step.branches().size() > 1);
        Optional<Integer> positions = embedding
                .positions()
                .map(table -> (int) table.shape().dim(0))
                .or(() -> alone.rotaries().stream().map(Rotary::positions).min(Integer::compare))
                .or(() -> alone.attentions()
                        .flatMap(attention -> attention.ramps().stream())
                        .map(ramps -> (int) ramps.shape().dim(1))
                        .min(Integer::compare));
        return settings.facts(
                graph.file().toString(), last + 1, together ? 1 : 2, (int) hidden, (int) vocabulary, positions);
    }
}
