package dev.twofold.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.List;

/**
 * Emits a decoder as an ONNX model.
 *
 * @param dialect the operators to use
 * @param layout the KV caches to have
 */
public record ModelEmitter(DialectName dialect, KvLayout layout) {

    /**
     * What an emission will make, known before a weight is read.
     *
     * @param nodes nodes of the graph
     * @param dataBytes length of the external data file
     */
    public record Preview(int nodes, long dataBytes) {}

    public Preview preview(Decoder decoder) {
        Graph graph = DecoderLowering.lower(decoder, dialect, layout);
        return new Preview(graph.nodes().size(), OnnxFile.dataBytes(graph.weights()));
    }

    /**
     * Writes {@code model.onnx} and {@code model.onnx.data}.
     *
     * @return length and hash of the data file
     */
    public Written emit(Decoder decoder, Path directory, WeightWriter writer) {
        return OnnxFile.write(DecoderLowering.lower(decoder, dialect, layout), directory, writer);
    }

    /** The caches the graph has, in order. */
    public List<KvLayout.Cache> caches(Decoder decoder) {
        return layout.caches(decoder);
    }
}
