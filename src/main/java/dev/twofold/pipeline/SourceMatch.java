package dev.twofold.pipeline;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.FileHashes;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether a source is the one that an output was made from. Names and sizes are compared first, which costs nothing
 * and finds most mistakes; then the SHA-256 of every file, which costs a read of them.
 */
public final class SourceMatch {

    /** What the files of an adapter are called, one of which is missing where it is not given. */
    private static final String ADAPTER = "adapter_";

    private final Manifest.Source recorded;
    private final Map<String, Path> found = new TreeMap<>();
    private final Map<String, String> options;
    private final String hint;

    /** @param hint what to give instead, followed by the checkpoint's name */
    private SourceMatch(Manifest.Source recorded, Source source, String hint) {
        this.recorded = recorded;
        this.hint = hint + " " + recorded.name();
        this.options = SourceOptions.deciding(source.options());
        source.files().forEach(file -> found.put(file.getFileName().toString(), file));
    }

    /**
     * Checks the files that decide what the model computes. A chat template may change, and the model stays the same.
     *
     * @throws TwofoldException of kind INPUT that names a file which differs
     */
    public static void requireSameModel(Manifest manifest, Source source) {
        new SourceMatch(manifest.source(), source, "give --against the checkpoint that the output was made from:")
                .require(source::decides);
    }

    /**
     * Checks every file that an output is made of.
     *
     * @throws TwofoldException of kind INPUT that names a file which differs
     */
    public static void requireSameFiles(Manifest manifest, Source source) {
        new SourceMatch(manifest.source(), source, "give the checkpoint that the output was made from:")
                .require(name -> true);
    }

    private void require(Predicate<String> matters) {
        Map<String, String> wanted = SourceOptions.deciding(recorded.options());
        if (!options.equals(wanted)) {
            throw TwofoldException.input("the checkpoint was read otherwise when the model was converted")
                    .found(spelled(options))
                    .expected(spelled(wanted) + ", as the manifest says")
                    .hint("give the checkpoint the options that convert had");
        }
        Set<String> names = new TreeSet<>(found.keySet());
        names.addAll(recorded.files().keySet());
        names.removeIf(matters.negate());
        names.forEach(this::requireSize);
        try (FileHashes hashes = new FileHashes(names.stream().map(found::get).toList())) {
            hashes.byName().forEach(this::requireHash);
        }
    }

    private void requireSize(String name) {
        FileFact expected = recorded.files().get(name);
        Path file = found.get(name);
        if (expected == null || file == null || FileHash.size(file) != expected.bytes()) {
            throw differs(name)
                    .found(size(file == null ? null : FileHash.size(file)))
                    .expected(size(expected == null ? null : expected.bytes()) + ", as the manifest says")
                    .hint(file == null && name.startsWith(ADAPTER) ? "add --adapter and its directory" : hint);
        }
    }

    private void requireHash(String name, FileFact actual) {
        FileFact expected = recorded.files().get(name);
        if (!actual.equals(expected)) {
            throw differs(name)
                    .found("SHA-256 " + actual.sha256())
                    .expected((expected == null ? "" : expected.sha256()) + ", as the manifest says")
                    .hint(hint);
        }
    }

    private TwofoldException differs(String name) {
        Path file = found.get(name);
        return TwofoldException.input("the model was not converted from this checkpoint")
                .at(file == null ? name : file.toString());
    }

    private static String spelled(Map<String, String> options) {
        return options.isEmpty()
                ? "no options"
                : options.entrySet().stream()
                        .map(option -> "--" + option.getKey() + " " + option.getValue())
                        .collect(Collectors.joining(" "));
    }

    private static String size(@Nullable Long bytes) {
        return bytes == null ? "no such file" : bytes + " bytes";
    }
}
