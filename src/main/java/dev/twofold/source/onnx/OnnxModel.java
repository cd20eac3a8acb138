package dev.twofold.source.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.FileStamps;
import dev.twofold.disk.SourceFile;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model that was exported to ONNX, called what its directory is called.
 *
 * @param path as it was given: the directory, or the file
 * @param directory of the file
 * @param weightFiles the graph, and the files of its tensors
 */
record OnnxModel(
        Path path, Path directory, Decoder decoder, List<Path> weightFiles, List<String> notes, FileStamps stamps)
        implements Source {

    /** Those from which it follows what is computed, beside the graph and its tensors. */
    private static final Set<String> DECISIVE = Set.of(Settings.CONFIG, Settings.GENAI, TokenizerFile.NAME);

    OnnxModel {
        weightFiles = List.copyOf(weightFiles);
        notes = List.copyOf(notes);
    }

    @Override
    public String name() {
        return String.valueOf(directory.toAbsolutePath().normalize().getFileName());
    }

    @Override
    public TokenizerFile tokenizer() {
        return TokenizerFile.open(directory);
    }

    @Override
    public List<Companion> companions() {
        return Companion.files(directory).map(Companion::of).toList();
    }

    @Override
    public List<Path> files() {
        Stream<Path> genai = Stream.of(directory.resolve(Settings.GENAI)).filter(SourceFile::exists);
        return Stream.of(Companion.files(directory), genai, weightFiles.stream())
                .flatMap(files -> files)
                .toList();
    }

    @Override
    public boolean decides(String name) {
        return DECISIVE.contains(name)
                || weightFiles.stream()
                        .anyMatch(file -> file.getFileName().toString().equals(name));
    }
}
