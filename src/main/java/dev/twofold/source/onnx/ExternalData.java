package dev.twofold.source.onnx;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files beside a model file that its tensors are in. */
final class ExternalData {

    private final Path model;
    private final Map<String, Path> files = new LinkedHashMap<>();

    ExternalData(Path model) {
        this.model = model;
    }

    /** Those that were asked for. */
    List<Path> files() {
        return List.copyOf(files.values());
    }

    /**
     * @param entries {@code location}, {@code offset} and {@code length}, of which only the first has to be there
     * @param bytes that the tensor has by its shape
     */
    Tensor.InFile find(String tensor, Map<String, String> entries, long bytes) {
        String location = entries.getOrDefault("location", "");
        Path file = files.computeIfAbsent(location, name -> resolve(tensor, name));
        long offset = number(tensor, entries, "offset", 0);
        long length = number(tensor, entries, "length", bytes);
        if (length != bytes) {
            throw wrong("a tensor that its shape does not fit", tensor)
                    .found(length + " bytes in " + location)
                    .expected(bytes);
        }
        long size = file.toFile().length();
        if (offset > size || bytes > size - offset) {
            throw wrong("a tensor that ends past the end of its file", tensor)
                    .found(location + " of " + size + " bytes")
                    .expected(bytes + " bytes from " + offset + " on")
                    .hint("download the file again");
        }
        return new Tensor.InFile(file, offset, bytes);
    }

    /** Beside the model: a path that leads elsewhere is none of an exporter's. */
    private Path resolve(String tensor, String location) {
        try {
            Path name = Path.of(location).normalize();
            if (location.isEmpty() || name.isAbsolute() || name.startsWith("..")) {
                throw wrong("a tensor in a file that is not beside the model", tensor)
                        .found(location.isEmpty() ? "no location" : location)
                        .expected("the name of a file in the model's directory");
            }
            Path file = model.resolveSibling(name);
            SourceFile.require(file);
            return file;
        } catch (InvalidPathException e) {
            throw wrong("a tensor in a file that no file can be called", tensor)
                    .found(location)
                    .cause(e);
        }
    }

    private long number(String tensor, Map<String, String> entries, String key, long otherwise) {
        String text = entries.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw wrong("a tensor at a place that there is not", tensor)
                .found(key + " " + text)
                .expected("a number of bytes");
    }

    private TwofoldException wrong(String what, String tensor) {
        return TwofoldException.input(what).at(Origin.tensor(model, tensor));
    }
}
