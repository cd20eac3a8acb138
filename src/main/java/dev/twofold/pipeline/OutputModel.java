package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.WebType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model of an output, as commands name it: the directory, which means its first model if it has several, or the file.
 *
 * @param directory with the manifest and the tokenizer
 * @param place of the model: the file, or the directory if it lies there under its usual name
 * @param manifest of this model
 * @param others further models of the directory, by their files
 */
public record OutputModel(Path directory, Path place, Manifest manifest, List<Path> others) {

    /** @throws TwofoldException of kind INPUT if there is no output of Twofold, or it has no such model */
    public static OutputModel of(Path given) {
        Path directory = directory(given);
        Manifest manifest = Manifest.read(directory);
        List<WebType> types = WebForms.types(manifest, Origin.file(directory.resolve(Manifest.NAME)));
        if (types.isEmpty()) {
            requireUsual(given, directory);
            return new OutputModel(directory, directory, manifest, List.of());
        }
        List<Path> files =
                types.stream().map(type -> directory.resolve(type.file())).toList();
        int chosen = given.equals(directory)
                ? 0
                : files.stream().map(OutputModel::absolute).toList().indexOf(absolute(given));
        if (chosen < 0) {
            throw TwofoldException.input("the output has no such model")
                    .at(Origin.file(given))
                    .expected("one of " + files);
        }
        Path file = files.get(chosen);
        List<Path> others = given.equals(directory)
                ? files.stream().filter(other -> !other.equals(file)).toList()
                : List.of();
        return new OutputModel(directory, file, WebForms.alone(manifest, types.get(chosen)), others);
    }

    private static Path directory(Path given) {
        if (Files.isDirectory(given) || !String.valueOf(given.getFileName()).endsWith(GraphNames.EXTENSION)) {
            return given;
        }
        return Stream.of(
                        given.resolveSibling(""),
                        given.resolveSibling("").resolve("..").normalize())
                .filter(place -> Files.isRegularFile(place.resolve(Manifest.NAME)))
                .findFirst()
                .orElse(given);
    }

    private static Path absolute(Path file) {
        return file.toAbsolutePath().normalize();
    }

    private static void requireUsual(Path given, Path directory) {
        if (!given.equals(directory) && !absolute(given).equals(absolute(directory.resolve(GraphNames.MODEL)))) {
            throw TwofoldException.input("the output has no such model")
                    .at(Origin.file(given))
                    .expected(GraphNames.MODEL);
        }
    }

    /** What says that others were left alone; empty if there are none. */
    public List<String> notes() {
        return others.isEmpty()
                ? List.of()
                : List.of("note: this is " + place + "; the output also has "
                        + String.join(", ", others.stream().map(Path::toString).toList()));
    }
}
