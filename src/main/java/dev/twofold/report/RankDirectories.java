package dev.twofold.report;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.target.Part;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The directories of the devices of a sharded model. */
public final class RankDirectories {

    private RankDirectories() {}

    /** Where they should be, in the order of the ranks; the directory itself if the model is on one device. */
    public static List<Path> of(Path directory, Manifest manifest) {
        return manifest.sharding().isAbove()
                ? IntStream.range(0, manifest.sharding().devices())
                        .mapToObj(rank -> directory.resolve(Part.rankDirectory(rank)))
                        .toList()
                : List.of(directory);
    }

    /**
     * Checks that every rank is there, of one conversion, and as it was written.
     *
     * @param manifest of the directory above the ranks
     * @throws TwofoldException of kind INPUT that names the rank and what is wrong with it
     */
    public static List<Path> require(Path directory, Manifest manifest) {
        List<Path> ranks = of(directory, manifest);
        for (int rank = 0; rank < ranks.size(); rank++) {
            requireRank(ranks.get(rank), rank, manifest);
        }
        return ranks;
    }

    private static void requireRank(Path directory, int rank, Manifest above) {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            String wrong = Files.isSymbolicLink(directory) ? " is a link" : " is missing";
            throw TwofoldException.input(
                            "rank " + rank + " of " + above.sharding().devices() + wrong)
                    .at(Origin.file(directory))
                    .hint("convert with --rank " + rank + ", and put its directory here");
        }
        mismatch(Manifest.read(directory), rank, above).ifPresent(found -> {
            throw TwofoldException.input("rank " + rank + " is from another conversion")
                    .at(Origin.file(directory))
                    .found(found)
                    .expected("what " + directory.resolveSibling(Manifest.NAME) + " says")
                    .hint("convert every rank from one checkpoint with the same options");
        });
        List<String> problems = Verification.of(directory).problems();
        if (!problems.isEmpty()) {
            throw TwofoldException.input("rank " + rank + " is not as it was written")
                    .at(Origin.file(directory))
                    .found(problems.get(0))
                    .hint("convert again with --rank " + rank + " into another directory, and move "
                            + Part.rankDirectory(rank) + " here");
        }
    }

    /** Why a rank's manifest does not belong beside the others of a conversion, if it does not. */
    static Optional<String> mismatch(Manifest own, int rank, Manifest above) {
        Manifest.Sharding expected = above.sharding().ofRank(rank);
        if (!own.sharding().equals(expected)) {
            return Optional.of("is " + describe(own.sharding()) + ", not " + describe(expected));
        }
        return own.differenceFrom(above).map(what -> "is of " + what);
    }

    /** The ranks that are there. */
    public static List<Integer> present(Path directory, Manifest manifest) {
        return IntStream.range(0, manifest.sharding().devices())
                .filter(rank -> Files.exists(directory.resolve(Part.rankDirectory(rank)), LinkOption.NOFOLLOW_LINKS))
                .boxed()
                .toList();
    }

    private static String describe(Manifest.Sharding sharding) {
        String rank = sharding.ranks().stream().map(String::valueOf).collect(Collectors.joining());
        return "rank " + rank + " of " + sharding.devices() + ", placement " + sharding.placement()
                + (sharding.vocabulary() ? " with the vocabulary" : "") + ", collective " + sharding.collective();
    }
}
