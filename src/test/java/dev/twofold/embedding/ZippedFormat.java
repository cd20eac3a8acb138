package dev.twofold.embedding;

import dev.twofold.decoder.Decoder;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import dev.twofold.source.huggingface.HuggingFaceFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A second source, of a few lines: a checkpoint in a zip archive. */
record ZippedFormat(Path room) implements SourceFormat {

    @Override
    public String name() {
        return "zip";
    }

    @Override
    public String expected() {
        return "a zip archive of a checkpoint";
    }

    @Override
    public boolean recognises(Path path) {
        return path.toString().endsWith(".zip");
    }

    @Override
    public Source open(Path archive) {
        return new HuggingFaceFormat().open(unpacked(archive));
    }

    @Override
    public Decoder describe(Path archive) {
        return new HuggingFaceFormat().describe(unpacked(archive));
    }

    private Path unpacked(Path archive) {
        Path directory = room.resolve(archive.getFileName().toString().replace(".zip", ""));
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
            Files.createDirectories(directory);
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Files.copy(zip, directory.resolve(entry.getName()));
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
