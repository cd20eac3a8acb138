package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.Graph;
import dev.twofold.graph.OnnxFile;
import dev.twofold.graph.cut.Annotation;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DecoderLowering;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.List;

/**
 * Emits a decoder as an ONNX model.
 *
 * @param dialect the operators to use
 * @param layout the KV caches to have
 * @param collective the operators in which the devices of a sharded model meet
 */
public record ModelEmitter(DialectName dialect, KvLayout layout, CollectiveName collective) {

    /**
     * What an emission will make, known before a weight is read.
     *
     * @param nodes nodes of the graph
     * @param weightBytes of all weights
     * @param dataBytes length of the external data file, in which they are aligned
     */
    public record Preview(int nodes, long weightBytes, long dataBytes) {}

    public Preview preview(Decoder decoder) {
        Graph graph = graph(decoder);
        return new Preview(
                graph.nodes().size(), OnnxFile.weightBytes(graph.weights()), OnnxFile.dataBytes(graph.weights()));
    }

    /** The graph of a decoder; one that an engine is to cut says how. */
    public Graph graph(Decoder decoder) {
        Graph graph = DecoderLowering.lower(decoder, dialect, layout, collective);
        return decoder.uncut() ? Annotation.annotate(graph, decoder, layout) : graph;
    }

    /**
     * Writes {@code model.onnx} and {@code model.onnx.data}; for TensorRT {@code stateless.onnx} too, of the same data,
     * which is what Triton can serve on many devices.
     *
     * @return length and hash of the data file
     */
    public Written emit(Decoder decoder, Path directory, WeightWriter writer) {
        Graph graph = graph(decoder);
        Written data = OnnxFile.write(graph, directory, writer);
        if (deploys(decoder)) {
            OnnxFile.writeModel(StatelessGraph.of(graph), directory.resolve(GraphNames.STATELESS));
        }
        return data;
    }

    /**
     * Writes what an engine needs beside the directories of the ranks: for TensorRT a Triton model's configuration, and
     * the script that builds its engines.
     *
     * @param name of the model
     */
    public void deploy(Decoder decoder, Path directory, String name) {
        if (deploys(decoder)) {
            TritonModel.of(name, decoder).write(directory);
        }
    }

    private boolean deploys(Decoder decoder) {
        return collective == CollectiveName.TENSORRT && decoder.sharding().isPresent();
    }

    /** The caches the graph has, in order. */
    public List<KvLayout.Cache> caches(Decoder decoder) {
        return layout.caches(decoder);
    }
}
