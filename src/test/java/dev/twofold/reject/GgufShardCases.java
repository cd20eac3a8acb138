package dev.twofold.reject;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.GgufBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** GGUF models in several files that do not belong together. */
final class GgufShardCases {

    private static final String FIRST = "model-00001-of-00002.gguf";
    private static final String SECOND = "model-00002-of-00002.gguf";
    private static final String DOWN = "blk.0.ffn_down.weight";

    private GgufShardCases() {}

    /** What is done to a sound pair of files. */
    private interface Damage {
        void to(GgufBuilder first, GgufBuilder second);
    }

    static void add(Group group) {
        group.accepts("two files", changed((first, second) -> {}))
                .rejects(
                        "the second of two files",
                        directory -> {
                            arrange(directory, (first, second) -> {});
                            return GgufCases.convert(directory.resolve(SECOND));
                        },
                        SECOND,
                        "key split.no",
                        FIRST)
                .rejects(
                        "a file less",
                        directory -> {
                            Path first = arrange(directory, (one, two) -> {});
                            Files.delete(directory.resolve(SECOND));
                            return GgufCases.convert(first);
                        },
                        SECOND,
                        "missing")
                .rejects(
                        "a second file that leads out of the directory",
                        directory -> {
                            Path room = Files.createDirectory(directory.resolve("room"));
                            Path first = arrange(room, (one, two) -> {});
                            Files.move(room.resolve(SECOND), directory.resolve("elsewhere"));
                            Files.createSymbolicLink(room.resolve(SECOND), directory.resolve("elsewhere"));
                            return GgufCases.convert(first);
                        },
                        SECOND,
                        "outside the checkpoint")
                .rejects(
                        "another name",
                        directory -> GgufCases.convert(
                                Files.move(arrange(directory, (one, two) -> {}), directory.resolve("renamed.gguf"))),
                        "key split.count",
                        "model-00001-of-00002.gguf")
                .rejects(
                        "65,535 files",
                        changed((first, second) -> first.number("split.count", 65_535)),
                        "key split.count")
                .rejects(
                        "the first file twice",
                        changed((first, second) -> second.number("split.no", 0)),
                        SECOND,
                        "key split.no")
                .rejects(
                        "a file of another model",
                        changed((first, second) -> second.number("split.count", 3)),
                        SECOND,
                        "of 3")
                .rejects(
                        "another number of tensors",
                        changed((first, second) -> first.number("split.tensors.count", 12)),
                        "key split.tensors.count",
                        "11 tensors")
                .rejects(
                        "a tensor in both",
                        changed((first, second) -> first.tensor(DOWN, 0, new byte[32 * 64 * 4], 64, 32)
                                .without("split.tensors.count")),
                        "tensor " + DOWN,
                        "twice");
    }

    private static Scene changed(Damage damage) {
        return directory -> GgufCases.convert(arrange(directory, damage));
    }

    /** The first of the two. */
    private static Path arrange(Path directory, Damage damage) throws IOException {
        GgufBuilder first = GgufBuilder.llama()
                .without(DOWN)
                .number("split.no", 0)
                .number("split.count", 2)
                .number("split.tensors.count", 11);
        GgufBuilder second = GgufBuilder.empty()
                .number("split.no", 1)
                .number("split.count", 2)
                .number("split.tensors.count", 11)
                .tensor(DOWN, 0, new byte[32 * 64 * 4], 64, 32);
        damage.to(first, second);
        second.write(directory.resolve(SECOND));
        return first.write(directory.resolve(FIRST));
    }
}
