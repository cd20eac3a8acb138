package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import dev.twofold.report.Verification;
import dev.twofold.target.Part;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What may lie where an output is to be. */
record EarlierOutput(Path path) {

    private boolean exists() {
        return Files.exists(path.resolve(Manifest.NAME));
    }

    /**
     * An earlier output is only replaced whole, never together with what others have put beside it.
     *
     * @throws TwofoldException of kind INPUT that names what is there
     */
    void requireOwnFiles() {
        List<String> strangers = exists() ? Verification.strangers(path) : List.of();
        if (!strangers.isEmpty()) {
            throw TwofoldException.input("the directory holds files that Twofold did not write")
                    .at(Origin.file(path))
                    .found(String.join(", ", strangers))
                    .hint("move them away, or choose another directory");
        }
    }

    /**
     * Replacing a directory for one rank would delete the others.
     *
     * @param rank the only one to be written, if it is only one
     */
    void requireOwnRank(Optional<Integer> rank) {
        if (rank.isEmpty() || !exists()) {
            return;
        }
        List<Integer> others = RankDirectories.present(path, Manifest.read(path)).stream()
                .filter(other -> !other.equals(rank.get()))
                .toList();
        if (!others.isEmpty()) {
            throw TwofoldException.input("the output holds other ranks, which would be deleted with it")
                    .at(Origin.file(path))
                    .found("ranks " + others)
                    .hint("write to another directory, and then move " + Part.rankDirectory(rank.get()) + " there");
        }
    }
}
