package dev.twofold.report;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.report.Manifest.FileFact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every file of an output against its manifest.
 *
 * @param files files that were compared
 * @param problems what is wrong, a line each; empty if the output is as it was written
 */
public record Verification(int files, List<String> problems) {

    public Verification {
        problems = List.copyOf(problems);
    }

    /**
     * Reads and hashes every file.
     *
     * @throws TwofoldException of kind INPUT if there is no manifest that can be read
     */
    public static Verification of(Path directory) {
        Manifest manifest = Manifest.read(directory);
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, FileFact> expected : manifest.files().entrySet()) {
            Path file = directory.resolve(expected.getKey()).normalize();
            if (!file.startsWith(directory.normalize())) {
                problems.add(expected.getKey() + ": the manifest names a file outside the directory");
            } else if (Files.isSymbolicLink(file)) {
                problems.add(expected.getKey() + ": is a link");
            } else if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                problems.add(expected.getKey() + ": is missing");
            } else {
                compare(expected.getKey(), FileHash.of(file), expected.getValue(), problems);
            }
        }
        strangers(directory).forEach(name -> problems.add(name + ": is not in the manifest"));
        return new Verification(manifest.files().size(), problems);
    }

    private static void compare(String name, FileFact actual, FileFact expected, List<String> problems) {
        if (actual.bytes() != expected.bytes()) {
            problems.add(name + ": has " + actual.bytes() + " bytes, not " + expected.bytes());
        } else if (!actual.sha256().equals(expected.sha256())) {
            problems.add(name + ": has sha256 " + actual.sha256() + ", not " + expected.sha256());
        }
    }

    /** Files that the manifest of a directory does not name. */
    public static List<String> strangers(Path directory) {
        Manifest manifest = Manifest.read(directory);
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> directory.relativize(path).toString())
                    .filter(name ->
                            !name.equals(Manifest.NAME) && !manifest.files().containsKey(name))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw TwofoldException.environment("cannot list the directory")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
    }
}
