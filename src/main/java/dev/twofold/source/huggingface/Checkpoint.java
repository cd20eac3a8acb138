package dev.twofold.source.huggingface;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.FileStamps;
import dev.twofold.disk.SourceFile;
import dev.twofold.family.Families;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A Hugging Face checkpoint on disk, called what its directory is called.
 *
 * @param path its directory
 * @param weightFiles the safetensors files, in the order of their names
 * @param adapterFiles those of an adapter that was merged into them
 * @param reading how it was read
 */
record Checkpoint(
        Path path,
        Decoder decoder,
        List<Path> weightFiles,
        List<Path> adapterFiles,
        SourceOptions reading,
        List<String> notes,
        FileStamps stamps)
        implements Source {

    private static final Set<String> DECISIVE =
            Set.of(HuggingFaceFormat.CONFIG, TokenizerFile.NAME, Families.OWN, Adapter.CONFIG);

    @Override
    public String name() {
        return String.valueOf(path.toAbsolutePath().normalize().getFileName());
    }

    @Override
    public TokenizerFile tokenizer() {
        return TokenizerFile.open(path);
    }

    @Override
    public List<Companion> companions() {
        return Companion.files(path).map(Companion::of).toList();
    }

    /** What is read besides weights: companions, and the family's description if it is here. */
    static Stream<Path> sidecars(Path directory) {
        Stream<Path> family = Stream.of(directory.resolve(Families.OWN)).filter(SourceFile::exists);
        return Stream.concat(Companion.files(directory), family);
    }

    @Override
    public List<Path> files() {
        return Stream.of(sidecars(path), weightFiles.stream(), adapterFiles.stream())
                .flatMap(files -> files)
                .toList();
    }

    @Override
    public Map<String, String> options() {
        return reading.recorded();
    }

    @Override
    public boolean decides(String name) {
        return name.endsWith(".safetensors") || DECISIVE.contains(name);
    }
}
