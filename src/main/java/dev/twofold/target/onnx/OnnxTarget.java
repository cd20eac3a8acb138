package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.execution.GraphNames;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.Graph;
import dev.twofold.graph.OnnxFile;
import dev.twofold.graph.cut.Annotation;
import dev.twofold.graph.lower.DecoderLowering;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.pass.NotApplicable;
import dev.twofold.shard.RankDecoder;
import dev.twofold.source.Companion;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.stream.IntStream;

/**
 * Writes a decoder as an ONNX model: a directory, or one for each device.
 *
 * @param runtime that loads what was written once
 */
public record OnnxTarget(OnnxOptions form, TrialRuntime runtime) implements Target {

    public static final String NAME = "onnx";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public SortedMap<String, String> options() {
        return form.named();
    }

    @Override
    public String collective() {
        return form.collective().toString();
    }

    /** Whatever a dialect or an engine lacks, the lowering of the first part comes upon. */
    @Override
    public Optional<NotApplicable> check(Decoder decoder, List<Companion> originals) {
        form.requireWhole(decoder);
        graph(parts(decoder).get(0).decoder());
        return Optional.empty();
    }

    @Override
    public List<Part> parts(Decoder decoder) {
        Optional<Sharding> cut =
                decoder.sharding().filter(sharding -> form.collective().cuts());
        return cut.map(sharding -> IntStream.range(0, sharding.devices())
                        .mapToObj(rank ->
                                new Part(RankDecoder.of(decoder, rank), Part.rankDirectory(rank), Optional.of(rank)))
                        .toList())
                .orElseGet(() -> List.of(Part.whole(decoder)));
    }

    @Override
    public Preview preview(Part part) {
        Graph graph = graph(part.decoder());
        return new Preview(
                OnnxFile.weightBytes(graph.weights()),
                OnnxFile.dataBytes(graph.weights()),
                kvBytesPerToken(part.decoder()),
                OptionalInt.of(graph.nodes().size()));
    }

    private long kvBytesPerToken(Decoder decoder) {
        long bytes = decoder.precision().dtype().bits() / 8;
        return caches(decoder).stream()
                .mapToLong(cache -> 2L * cache.kvHeads() * cache.headSize() * bytes)
                .sum();
    }

    /** The graph of a decoder; one that an engine is to cut says how. */
    public Graph graph(Decoder decoder) {
        Graph graph = DecoderLowering.lower(decoder, form.form(decoder.precision()));
        return decoder.uncut() ? Annotation.annotate(graph, decoder, form.layout()) : graph;
    }

    /**
     * Writes {@code model.onnx} and {@code model.onnx.data}; for TensorRT {@code stateless.onnx} too, of the same data,
     * which is what Triton can serve on many devices.
     */
    @Override
    public Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer) {
        Graph graph = graph(part.decoder());
        Written data = OnnxFile.write(graph, directory, writer);
        if (deploys(part.decoder())) {
            OnnxFile.writeModel(StatelessGraph.of(graph), directory.resolve(GraphNames.STATELESS), GraphNames.DATA);
        }
        return data;
    }

    @Override
    public String weightFile() {
        return GraphNames.DATA;
    }

    @Override
    public void companions(Part part, List<Companion> originals, Path directory) {
        CompanionFiles.write(directory, originals, part.decoder(), caches(part.decoder()), form.keepsCachesInPlace());
    }

    /** For TensorRT a Triton model's configuration, and the script that builds its engines. */
    @Override
    public void above(Decoder decoder, String name, List<Companion> originals, Path directory) {
        if (deploys(decoder)) {
            TritonModel.of(name, decoder).write(directory);
        }
        CompanionFiles.writeConfig(directory, originals);
    }

    private boolean deploys(Decoder decoder) {
        return form.collective().deploys() && decoder.sharding().isPresent();
    }

    @Override
    public void verify(Part part, Path directory) {
        LoadCheck.of(part, directory, runtime);
    }

    @Override
    public List<String> notes(Decoder decoder, List<Companion> originals) {
        List<String> notes = new ArrayList<>(CompanionFiles.notes(originals));
        notes.addAll(RuntimeNotes.of(decoder, form, graph(parts(decoder).get(0).decoder())));
        return notes;
    }

    /** The caches the graph has, in order. */
    List<KvLayout.Cache> caches(Decoder decoder) {
        return form.layout().caches(decoder);
    }
}
