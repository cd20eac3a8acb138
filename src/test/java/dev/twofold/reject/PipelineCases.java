package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;
import static dev.twofold.reject.Group.convert;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Pipelines in YAML that are bombs, or ask for what is not there. */
final class PipelineCases {

    private static final String FILE = "plan.yaml";

    private PipelineCases() {}

    static List<Case> all() {
        Group group = new Group("pipeline");
        yaml(group);
        plans(group);
        return group.cases();
    }

    private static void yaml(Group group) {
        group.rejects(
                        "an alias bomb",
                        plan(
                                "steps:\n- &a {widen: {x: [x, x]}}\n- &b {widen: {x: [*a, *a, *a, *a]}}\n- {widen: {x: [*b, *b, *b, *b]}}\n"),
                        FILE + ", line 2",
                        "anchors")
                .rejects("an alias for a pass", plan("steps:\n  - &w widen\n  - *w\n"), FILE + ", line 3", "anchors")
                .rejects(
                        "an alias in an option",
                        plan("steps:\n  - pair-layers: {window: *w}\n"),
                        FILE + ", line 2",
                        "anchors")
                .rejects("an anchor that holds itself", plan("steps: &a [*a]\n"), FILE + ", line 1", "anchors")
                .rejects("deep nesting", plan("steps: " + "[".repeat(100_000)), FILE + ", line 1")
                .rejects(
                        "deep nesting in an option",
                        plan("steps:\n  - pair-layers: {pairs: " + "[".repeat(50_000) + "\n"),
                        FILE + ", line ")
                .rejects("deep nesting by indentation", plan("steps:\n" + "- ".repeat(100_000)), FILE + ", line ")
                .rejects("a key twice", plan("steps: [widen]\nsteps: [widen]\n"), FILE + ", line 2", "'steps'")
                .rejects(
                        "an option twice",
                        plan("steps:\n  - pair-layers: {group: 2, group: 3}\n"),
                        FILE + ", line 2",
                        "'group'")
                .rejects(
                        "a tag that names a class",
                        plan("steps: !!javax.script.ScriptEngineManager [widen]\n"),
                        FILE + ", line 1",
                        "tags")
                .rejects("a tag of a pass", plan("steps:\n  - !evil widen\n"), FILE + ", line 2", "tags")
                .rejects(
                        "a tag in an option",
                        plan("steps:\n  - pair-layers: {group: !!float 2}\n"),
                        FILE + ", line 2",
                        "tags")
                .rejects(
                        "a file of 10 MB",
                        repeated("steps:\n", 1_000_000, "  - widen\n"),
                        FILE,
                        "too large",
                        "10000007")
                .rejects(
                        "a sparse file of 10 GB",
                        directory -> {
                            TinyLlama.create().write(directory.resolve(CHECKPOINT));
                            Sparse.write(directory.resolve(FILE), 10L << 30);
                            return run(directory);
                        },
                        FILE,
                        "too large")
                .rejects(
                        "a hundred thousand passes",
                        repeated("steps:\n", 60_000, "  - fold-norms\n"),
                        FILE + ", line 1002",
                        "1000 steps")
                .rejects("not YAML", plan("steps:\n  - widen: {\n"), FILE + ", line ", "not valid YAML")
                .rejects("not UTF-8", plan(new byte[] {'a', ':', ' ', (byte) 0xff}), FILE, "UTF-8")
                .rejects("a NUL", plan("steps: [\0]"), FILE, "line 1")
                .rejects("two documents", plan("steps: [widen]\n---\nsteps: [widen]\n"), FILE, "one YAML document")
                .rejects("an empty file", plan(""), FILE + ", line 1", "mapping")
                .rejects("a list", plan("- widen\n"), FILE + ", line 1", "mapping")
                .rejects(
                        "an unknown key",
                        plan("stages:\n  - widen\n"),
                        FILE + ", line 1",
                        "unknown key 'stages'",
                        "steps")
                .rejects(
                        "a missing file",
                        directory -> {
                            TinyLlama.create().write(directory.resolve(CHECKPOINT));
                            return run(directory);
                        },
                        FILE,
                        "no such pipeline",
                        "layer-parallel")
                .rejects(
                        "a directory",
                        directory -> {
                            TinyLlama.create().write(directory.resolve(CHECKPOINT));
                            Files.createDirectory(directory.resolve(FILE));
                            return run(directory);
                        },
                        FILE,
                        "not a regular file");
    }

    private static void plans(Group group) {
        group.rejects(
                        "an unknown pass",
                        plan("steps:\n  - fold-norm\n"),
                        FILE + ", line 2",
                        "unknown pass 'fold-norm'",
                        "fold-norms")
                .rejects(
                        "a pass with a name of 100,000 letters",
                        plan("steps:\n  - " + "x".repeat(100_000)),
                        FILE + ", line 2",
                        "unknown pass 'xxx")
                .rejects(
                        "an unknown option",
                        plan("steps:\n  - pair-layers: {windw: \"0:4\"}\n"),
                        FILE + ", line 2",
                        "no option 'windw'",
                        "window")
                .rejects("options that are a list", plan("steps:\n  - widen: [1]\n"), FILE + ", line 2", "mapping")
                .rejects("a pass that is a number", plan("steps:\n  - 7\n"), FILE + ", line 2")
                .rejects(
                        "an option of the wrong type",
                        plan("steps:\n  - pair-layers: {group: two, window: \"0:4\"}\n"),
                        FILE + ", line 2",
                        "'group'",
                        "two")
                .rejects(
                        "an option that is null inside a list",
                        plan("steps:\n  - drop-layers: {layers: [null]}\n"),
                        FILE + ", line 2",
                        "layers")
                .rejects(
                        "ranges that are null",
                        plan("steps:\n  - pair-layers: {pairs: [null]}\n"),
                        FILE + ", line 2",
                        "pairs")
                .rejects(
                        "an order with null",
                        plan("steps:\n  - swap-layers: {order: [1, null]}\n"),
                        FILE + ", line 2",
                        "order")
                .rejects(
                        "a window of two thousand million layers",
                        plan("steps:\n  - pair-layers: {window: \"0:2147483646\"}\n"),
                        FILE + ", line 2",
                        "is not a window")
                .rejects(
                        "a range of two thousand million layers",
                        plan("steps:\n  - average-layers: {ranges: [0-2147483646]}\n"),
                        FILE + ", line 2",
                        "is not a range")
                .rejects(
                        "a pair of two thousand million layers",
                        plan("steps:\n  - pair-layers: {pairs: [0-2147483646]}\n"),
                        FILE + ", line 2",
                        "is not a range")
                .rejects("negative layers", plan("steps:\n  - drop-layers: {layers: [-1]}\n"), FILE + ", line 2", "-1")
                .rejects("a pass that needs another first", plan("steps:\n  - widen\n"), FILE + ", line 2", "requires")
                .rejects(
                        "a plan that does not fit the model",
                        plan("steps:\n  - pair-layers: {pairs: [1-2, 2-3]}\n"),
                        FILE + ", line 2",
                        "layer 2 is named twice");
    }

    private static Scene plan(String yaml) {
        return plan(yaml.getBytes(StandardCharsets.UTF_8));
    }

    private static Scene plan(byte[] yaml) {
        return directory -> {
            TinyLlama.create().write(directory.resolve(CHECKPOINT));
            Files.write(directory.resolve(FILE), yaml);
            return run(directory);
        };
    }

    private static Scene repeated(String start, int parts, String part) {
        return directory -> {
            TinyLlama.create().write(directory.resolve(CHECKPOINT));
            Repeated.of(start, parts, part, "").write(directory.resolve(FILE));
            return run(directory);
        };
    }

    private static List<String> run(Path directory) {
        return convert(directory, "--pipeline", directory.resolve(FILE).toString());
    }
}
