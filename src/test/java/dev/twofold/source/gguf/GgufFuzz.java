package dev.twofold.source.gguf;

import dev.twofold.fuzz.FuzzedDirectory;
import dev.twofold.fuzz.Promise;
import dev.twofold.gguf.GgufHeader;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.Metadata;
import dev.twofold.gguf.TensorEntry;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * Any bytes as a GGUF file: refused, or tensors that lie apart in the file, a decoder if they make one, and a tokenizer that
 * can be written.
 */
public final class GgufFuzz {

    private static final String NAME = "model.gguf";
    private static final int ROWS = 1 << 16;
    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with(NAME, directory -> {});

    private GgufFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path file = DIRECTORY.holding(data).resolve(NAME);
        Promise.readOrRefuse(() -> HeaderReader.read(file)).ifPresent(header -> examine(header, data.length));
        Promise.readOrRefuse(() -> new GgufFormat().describe(file));
    }

    private static void examine(GgufHeader header, int length) {
        List<TensorEntry> sorted = header.tensors().stream()
                .sorted(Comparator.comparingLong(TensorEntry::offset))
                .toList();
        long end = 0;
        for (TensorEntry tensor : sorted) {
            Promise.require(tensor.offset() >= end, "tensors overlap");
            end = tensor.offset() + tensor.bytes();
        }
        Promise.require(
                sorted.isEmpty() || header.dataStart() + end <= length, "a tensor ends past the end of the file");
        Promise.readOrRefuse(() -> Vocabulary.read(new Metadata(header), ROWS))
                .ifPresent(found -> found.ifPresent(GgufFuzz::write));
    }

    private static void write(Vocabulary vocabulary) {
        try {
            TokenizerDocument.write(vocabulary, OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
