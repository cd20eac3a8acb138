package dev.twofold.source.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.GraphNames;
import dev.twofold.weight.WeightEvaluator;
import java.util.Map;

/** From a graph to its decoder: what its values are, and what the logits among them are made of. */
final class OnnxDecoder {

    private OnnxDecoder() {}

    /** @throws TwofoldException of kind INPUT that names the node which is not recognised, and what was expected there */
    static Decoder read(ModelGraph graph, Settings settings) {
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator numbers = new WeightEvaluator(files);
            Map<String, Value> values = Interpreter.interpret(graph, numbers);
            Decoder decoder =
                    new GraphDecoder(graph, settings, branches(graph, settings, numbers)).read(logits(graph, values));
            DecoderVerifier.verify(decoder);
            return decoder;
        }
    }

    private static Value logits(ModelGraph graph, Map<String, Value> values) {
        Value logits = graph.outputs().contains(GraphNames.LOGITS) ? values.get(GraphNames.LOGITS) : null;
        if (logits == null) {
            throw TwofoldException.input("the graph has no logits")
                    .at(Origin.file(graph.file()))
                    .found("outputs "
                            + String.join(
                                    ", ", graph.outputs().stream().limit(4).toList()))
                    .expected("an output " + GraphNames.LOGITS + ", which a node makes");
        }
        logits.node().filter(node -> node.getOpType().equals("If")).ifPresent(node -> {
            throw graph.wrong("two decoders behind an If", node)
                    .found("logits of one of two graphs, as merged exports of Optimum have them")
                    .expected("one graph that takes the past")
                    .hint(
                            "give decoder_with_past_model.onnx if it is beside this file, or export again with a newer Optimum,"
                                    + " which writes one graph");
        });
        return logits;
    }

    private static BranchReader branches(ModelGraph graph, Settings settings, WeightEvaluator numbers) {
        RotaryReader rotaries = new RotaryReader(graph, numbers, settings.rotaries(), settings.longest());
        return new BranchReader(graph, new AttentionReader(graph, rotaries, new TemperatureFit(numbers)));
    }
}
