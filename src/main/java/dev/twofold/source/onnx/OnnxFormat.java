package dev.twofold.source.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileStamps;
import dev.twofold.disk.SourceFile;
import dev.twofold.execution.GraphNames;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Models that were exported to ONNX: a graph, the files of its tensors, and the configuration and tokenizer beside it. The decoder is
 * recognised in the graph by what it computes, not by names.
 */
public final class OnnxFormat implements SourceFormat {

    static final String EXTENSION = ".onnx";

    /** Tokenizers of a quarter of a million tokens have 35 MB. */
    private static final long MAX_COMPANION = 256L << 20;

    @Override
    public String name() {
        return "onnx";
    }

    @Override
    public String expected() {
        return "an ONNX model: a file " + GraphNames.MODEL + ", or a directory with one";
    }

    /** A directory that has the weights as safetensors too is a checkpoint. */
    @Override
    public boolean recognises(Path path) {
        if (!Files.isDirectory(path)) {
            return String.valueOf(path.getFileName()).endsWith(EXTENSION);
        }
        return !graphs(path).isEmpty() && listed(path, ".safetensors").isEmpty();
    }

    @Override
    public Source open(Path path) {
        Path file = file(path);
        Path directory = file.resolveSibling("");
        FileStamps stamps = FileStamps.of(directory);
        Companion.files(directory).forEach(companion -> SourceFile.require(companion, MAX_COMPANION));
        Settings settings = Settings.read(directory);
        ModelGraph graph = ModelScan.read(file);
        Decoder decoder = OnnxDecoder.read(graph, settings);
        List<Path> weights = new ArrayList<>(List.of(file));
        weights.addAll(graph.dataFiles());
        List<String> notes = new ArrayList<>(settings.notes());
        others(graph).ifPresent(notes::add);
        return new OnnxModel(path, directory, decoder, weights, notes, stamps);
    }

    /** What a graph gives beside logits and caches, such as hidden states. */
    private static Optional<String> others(ModelGraph graph) {
        List<String> others = graph.outputs().stream()
                .filter(name -> !name.equals(GraphNames.LOGITS) && !name.startsWith(GraphNames.PRESENT))
                .toList();
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of("note: what the graph gives beside logits and caches is left out: "
                        + String.join(", ", others.stream().limit(4).toList()));
    }

    /** Reads the graph, and what few weights positions are made of. */
    @Override
    public Decoder describe(Path path) {
        Path file = file(path);
        return OnnxDecoder.read(ModelScan.read(file), Settings.read(file.resolveSibling("")));
    }

    private static Path file(Path path) {
        if (!Files.isDirectory(path)) {
            return path;
        }
        List<Path> graphs = graphs(path);
        Optional<Path> named = graphs.size() == 1
                ? Optional.empty()
                : Settings.read(path).file().map(path::resolve);
        if (named.filter(graphs::contains).isPresent()) {
            return named.get();
        }
        if (graphs.size() != 1) {
            throw TwofoldException.input("more than one ONNX model")
                    .at(Origin.file(path))
                    .found(String.join(
                            ", ",
                            graphs.stream()
                                    .limit(4)
                                    .map(graph -> graph.getFileName().toString())
                                    .toList()))
                    .hint("give the file itself");
        }
        return graphs.get(0);
    }

    /** The file of the usual name, or every graph there is. */
    private static List<Path> graphs(Path directory) {
        Path usual = directory.resolve(GraphNames.MODEL);
        return SourceFile.exists(usual) ? List.of(usual) : listed(directory, EXTENSION);
    }

    private static List<Path> listed(Path directory, String extension) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(extension))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the directory")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
    }
}
