package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;
import static dev.twofold.reject.Group.OUTPUT;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Places that an output cannot go to. A place that was named badly is bad input; a disk that refuses is the environment.
 * A disk that fills up while it is written to is a fault, and is tried with the faults.
 */
final class OutputCases {

    private OutputCases() {}

    static List<Case> all() {
        return new Group("output")
                .rejects(
                        "a directory that is not empty",
                        to(OUTPUT, OutputCases::precious),
                        OUTPUT,
                        "already exists",
                        "--force")
                .rejects(
                        "a directory that we did not make, with --force",
                        to(OUTPUT, OutputCases::precious, "--force"),
                        OUTPUT,
                        "twofold.json")
                .rejects(
                        "a file",
                        to(OUTPUT, directory -> Files.writeString(directory.resolve(OUTPUT), "mine")),
                        OUTPUT,
                        "not a directory")
                .rejects(
                        "a file as its parent",
                        to("file/out", directory -> Files.writeString(directory.resolve("file"), "mine")),
                        "file",
                        "not a directory")
                .rejects("the input", to(CHECKPOINT, directory -> {}), CHECKPOINT, "inside the input", "choose")
                .rejects(
                        "inside the input",
                        to(CHECKPOINT + "/out", directory -> {}),
                        CHECKPOINT,
                        "inside the input",
                        "choose")
                .rejects(
                        "inside the input by a link",
                        to(
                                "link/out",
                                directory -> Files.createSymbolicLink(directory.resolve("link"), Path.of(CHECKPOINT))),
                        "inside the input",
                        "choose")
                .rejects(
                        "inside the input, with --force",
                        to(CHECKPOINT + "/out", directory -> {}, "--force"),
                        "inside the input",
                        "choose")
                .rejects(
                        "a link to nowhere",
                        to(OUTPUT, directory -> Files.createSymbolicLink(directory.resolve(OUTPUT), Path.of("gone"))),
                        OUTPUT,
                        "link")
                .fails(Case.ENVIRONMENT, "a file system that is read-only", readOnly(), "/proc/twofold-output")
                .accepts(
                        "an empty directory", to(OUTPUT, directory -> Files.createDirectory(directory.resolve(OUTPUT))))
                .accepts("parents that do not exist", to("a/b/c", directory -> {}))
                .cases();
    }

    private interface Preparation {
        void in(Path directory) throws IOException;
    }

    private static Scene to(String target, Preparation preparation, String... more) {
        return directory -> {
            TinyLlama.create().write(directory.resolve(CHECKPOINT));
            preparation.in(directory);
            List<String> command = new ArrayList<>(List.of(
                    "convert",
                    directory.resolve(CHECKPOINT).toString(),
                    "-o",
                    directory.resolve(target).toString(),
                    "--window",
                    "0:4"));
            command.addAll(List.of(more));
            return command;
        };
    }

    /** Nobody can make a directory in /proc, not even an administrator. */
    private static Scene readOnly() {
        return directory -> List.of(
                "convert",
                TinyLlama.create().write(directory.resolve(CHECKPOINT)).toString(),
                "-o",
                "/proc/twofold-output",
                "--window",
                "0:4");
    }

    private static void precious(Path directory) throws IOException {
        Files.writeString(Files.createDirectory(directory.resolve(OUTPUT)).resolve("precious.txt"), "mine");
    }
}
