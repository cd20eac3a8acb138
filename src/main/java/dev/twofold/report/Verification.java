package dev.twofold.report;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.FileHashes;
import dev.twofold.disk.SourceFile;
import dev.twofold.target.Part;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Every file of an output against its manifest.
 *
 * @param manifest what the output should be
 * @param files files that were compared
 * @param problems what is wrong, a line each; empty if the output is as it was written
 */
public record Verification(Manifest manifest, int files, List<String> problems) {

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
        SortedMap<String, Path> sound = sound(directory, manifest, problems);
        try (FileHashes hashes = new FileHashes(List.copyOf(sound.values()))) {
            manifest.files()
                    .forEach((name, expected) -> Optional.ofNullable(sound.get(name))
                            .ifPresent(file -> compare(name, hashes.of(file), expected, problems)));
        }
        provenance(directory, manifest, problems);
        linkage(directory.resolve(Manifest.NAME)).ifPresent(problem -> problems.add(Manifest.NAME + ": " + problem));
        strangers(directory).forEach(name -> problems.add(name + ": is not in the manifest"));
        int files = manifest.files().size() + 1 + Provenance.NAMES.size();
        if (manifest.sharding().isAbove()) {
            List<Path> ranks = RankDirectories.of(directory, manifest);
            for (int rank = 0; rank < ranks.size(); rank++) {
                String name = Part.rankDirectory(rank);
                Verification inside = ofRank(ranks.get(rank), rank, manifest);
                inside.problems().forEach(problem -> problems.add(name + "/" + problem));
                files += inside.files();
            }
        }
        return new Verification(manifest, files, problems);
    }

    private static Verification ofRank(Path directory, int rank, Manifest above) {
        if (Files.isSymbolicLink(directory)) {
            return new Verification(above, 0, List.of(Manifest.NAME + ": is in a directory that is a link"));
        }
        if (!Files.isRegularFile(directory.resolve(Manifest.NAME))) {
            return new Verification(above, 0, List.of(Manifest.NAME + ": is missing"));
        }
        Verification own = of(directory);
        List<String> problems = new ArrayList<>(own.problems());
        RankDirectories.mismatch(own.manifest(), rank, above)
                .ifPresent(problem -> problems.add(Manifest.NAME + ": " + problem));
        return new Verification(own.manifest(), own.files(), problems);
    }

    /** The files of the manifest that are there, and files. */
    private static SortedMap<String, Path> sound(Path directory, Manifest manifest, List<String> problems) {
        SortedMap<String, Path> sound = new TreeMap<>();
        for (String name : manifest.files().keySet()) {
            Path file = directory.resolve(name);
            linkage(file).ifPresentOrElse(problem -> problems.add(name + ": " + problem), () -> sound.put(name, file));
        }
        return sound;
    }

    /**
     * What keeps a path from being a file of its own, that nobody can change from elsewhere. In a cache of the Hugging Face
     * hub all files are links to its blobs.
     */
    private static Optional<String> linkage(Path file) {
        if (Files.isSymbolicLink(file)) {
            return SourceFile.leadsToHubBlob(file) ? Optional.empty() : Optional.of("is a link");
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? "is not a file" : "is missing");
        }
        int names = names(file);
        return names > 1
                ? Optional.of("is a hard link: the same file has " + (names - 1) + " other name(s)")
                : Optional.empty();
    }

    private static int names(Path file) {
        try {
            return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (UnsupportedOperationException e) {
            // This file system does not count names.
            return 1;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void compare(String name, FileFact actual, FileFact expected, List<String> problems) {
        if (actual.bytes() != expected.bytes()) {
            problems.add(name + ": has " + actual.bytes() + " bytes, not " + expected.bytes());
        } else if (!actual.sha256().equals(expected.sha256())) {
            problems.add(name + ": has sha256 " + actual.sha256() + ", not " + expected.sha256());
        }
    }

    /** The statements follow from the manifest, so they are made again. */
    private static void provenance(Path directory, Manifest manifest, List<String> problems) {
        String manifestHash = FileHash.of(directory.resolve(Manifest.NAME)).sha256();
        for (Map.Entry<String, byte[]> expected :
                new Provenance(manifest, manifestHash).statements().entrySet()) {
            Path file = directory.resolve(expected.getKey());
            linkage(file)
                    .or(() -> Arrays.equals(read(file), expected.getValue())
                            ? Optional.empty()
                            : Optional.of("does not say what the manifest says"))
                    .ifPresent(problem -> problems.add(expected.getKey() + ": " + problem));
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Files that Twofold did not put into a directory, and directories that hold none of its files. */
    public static List<String> strangers(Path directory) {
        Manifest manifest = Manifest.read(directory);
        List<Path> ranks = (manifest.sharding().isAbove() ? RankDirectories.of(directory, manifest) : List.<Path>of())
                .stream()
                        .filter(rank -> Files.isDirectory(rank, LinkOption.NOFOLLOW_LINKS))
                        .toList();
        List<String> strangers = new ArrayList<>();
        ranks.forEach(rank -> strangersOfRank(rank).forEach(name -> strangers.add(rank.getFileName() + "/" + name)));
        List<Path> ours = Stream.of(manifest.files().keySet(), List.of(Manifest.NAME), Provenance.NAMES)
                .flatMap(names -> names.stream())
                .map(Path::of)
                .toList();
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.skip(1)
                    .filter(path -> ranks.stream().noneMatch(path::startsWith))
                    .map(directory::relativize)
                    .filter(path -> ours.stream()
                            .noneMatch(file -> Files.isDirectory(directory.resolve(path), LinkOption.NOFOLLOW_LINKS)
                                    ? file.startsWith(path)
                                    : file.equals(path)))
                    .map(Path::toString)
                    .sorted()
                    .forEach(strangers::add);
            return strangers;
        } catch (IOException e) {
            throw unlistable(directory, e);
        } catch (UncheckedIOException e) {
            throw unlistable(directory, new IOException(e.getMessage(), e));
        }
    }

    /** Without a manifest, a rank's directory is somebody else's. */
    private static List<String> strangersOfRank(Path rank) {
        return Files.isRegularFile(rank.resolve(Manifest.NAME)) ? strangers(rank) : List.of("");
    }

    private static TwofoldException unlistable(Path directory, IOException e) {
        return TwofoldException.environment("cannot list the directory")
                .at(Origin.file(directory))
                .found(e)
                .cause(e);
    }

    private static TwofoldException unreadable(Path file, IOException e) {
        return TwofoldException.environment("cannot read the file")
                .at(Origin.file(file))
                .found(e)
                .cause(e);
    }
}
