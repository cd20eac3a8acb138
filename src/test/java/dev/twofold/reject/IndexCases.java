package dev.twofold.reject;

import static dev.twofold.reject.Group.convert;
import static dev.twofold.reject.Group.damaged;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.reject.Case.Scene;
import dev.twofold.reject.Group.Damage;
import dev.twofold.tensor.DType;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Indexes of shards that lie, and files that are not where they seem to be. */
final class IndexCases {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String INDEX = "model.safetensors.index.json";
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";
    private static final String HEAD = "lm_head.weight";
    private static final String SINGLE = "model.safetensors";
    private static final String PLAIN = "plain name of a .safetensors file";

    private IndexCases() {}

    static List<Case> all() {
        Group group = new Group("index");
        names(group);
        disagreements(group);
        bombs(group);
        places(group);
        links(group);
        return group.cases();
    }

    private static void names(Group group) {
        for (String name : List.of("../" + SECOND, "/etc/x.safetensors", "C:" + SECOND, "..\\" + SECOND, "")) {
            group.rejects("a shard called '" + name + "'", shard(name), INDEX, "weight_map." + HEAD, PLAIN);
        }
        group.rejects("a shard with a NUL in its name", shard("x\0.safetensors"), INDEX, "weight_map." + HEAD, PLAIN)
                .rejects(
                        "a shard with half a character",
                        shard("x\ud800.safetensors"),
                        INDEX,
                        "weight_map." + HEAD,
                        PLAIN)
                .rejects(
                        "a shard with a name of 5,000 letters",
                        shard("x".repeat(5_000) + ".safetensors"),
                        INDEX,
                        "weight_map." + HEAD,
                        PLAIN)
                .rejects(
                        "a shard that is a number",
                        index(root -> map(root).put(HEAD, 2)),
                        INDEX,
                        "weight_map." + HEAD,
                        PLAIN);
    }

    private static void disagreements(Group group) {
        group.rejects(
                        "a missing shard",
                        sharded(checkpoint -> Files.delete(checkpoint.resolve(SECOND))),
                        SECOND,
                        "missing")
                .rejects(
                        "a tensor that its shard does not hold",
                        index(root -> map(root).put("model.extra", SECOND)),
                        SECOND,
                        "tensor model.extra",
                        "does not hold")
                .rejects(
                        "a tensor in two shards",
                        sharded(IndexCases::twice),
                        FIRST,
                        "tensor " + HEAD,
                        "maps it to " + SECOND)
                .rejects(
                        "a tensor that is mapped to another shard",
                        shard(FIRST),
                        SECOND,
                        "tensor " + HEAD,
                        "maps it to " + FIRST)
                .rejects(
                        "a tensor that the index does not map",
                        index(root -> map(root).remove(HEAD)),
                        SECOND,
                        "tensor " + HEAD,
                        "no entry in " + INDEX)
                .accepts("a wrong total_size", index(root -> metadata(root).put("total_size", 1)))
                .accepts(
                        "a total_size that is text",
                        index(root -> metadata(root).put("total_size", "big")))
                .rejects(
                        "shards without an index, one of which is missing",
                        sharded(checkpoint -> {
                            Files.delete(checkpoint.resolve(INDEX));
                            Files.delete(checkpoint.resolve(SECOND));
                        }),
                        "shards do not belong together")
                .accepts("a total_size written as a float", index(root -> {
                    double total = metadata(root).get("total_size").asDouble();
                    metadata(root).put("total_size", total);
                }))
                .rejects(
                        "an empty single file beside the index",
                        sharded(checkpoint -> new SafetensorsBuilder().write(checkpoint.resolve(SINGLE))),
                        SINGLE,
                        "the tensor is missing")
                .rejects(
                        "no weights at all",
                        damaged(checkpoint -> Files.delete(checkpoint.resolve(SINGLE))),
                        "no safetensors",
                        SINGLE)
                .rejects(
                        "only a pickle",
                        damaged(checkpoint ->
                                Files.move(checkpoint.resolve(SINGLE), checkpoint.resolve("pytorch_model.bin"))),
                        "pytorch_model.bin",
                        "convert")
                .rejects("an index that is a list", text("[]"), INDEX, "not a JSON object")
                .rejects("an index without a map", text("{}"), INDEX, "weight_map")
                .rejects(
                        "an index with a tensor twice",
                        text("{\"weight_map\":{\"a\":\"b\",\"a\":\"b\"}}"),
                        INDEX,
                        "'a'");
    }

    private static void bombs(Group group) {
        group.rejects(
                        "an index of deep nesting",
                        repeated("{\"metadata\":", 1_000_000, "[", ""),
                        INDEX,
                        "beyond any bounds")
                .rejects(
                        "an index of 100 MB",
                        sharded(checkpoint -> Sparse.write(checkpoint.resolve(INDEX), 100_000_000)),
                        INDEX,
                        "too large")
                .rejects(
                        "an index of a million tensors",
                        sharded(checkpoint -> new Repeated(
                                        "{\"weight_map\":{", 1_000_000, i -> "\"tensor" + i + "\":\"x\",", "\"a\":1}}")
                                .write(checkpoint.resolve(INDEX))),
                        INDEX)
                .rejects("an index of lists upon lists", repeated("{\"a\":[", 9_000_000, "[],", "[]]}"), INDEX)
                .rejects(
                        "an index of one long string",
                        repeated("{\"weight_map\":\"", 15_000_000, "x", "\"}"),
                        INDEX,
                        "beyond any bounds",
                        "1000000");
    }

    private static void places(Group group) {
        group.rejects(
                        "weights that are a directory",
                        damaged(checkpoint -> {
                            Files.delete(checkpoint.resolve(SINGLE));
                            Files.createDirectory(checkpoint.resolve(SINGLE));
                        }),
                        SINGLE,
                        "not a regular file")
                .rejects(
                        "weights that are a FIFO",
                        damaged(checkpoint -> special(checkpoint.resolve(SINGLE), "mkfifo")),
                        SINGLE,
                        "not a regular file")
                .rejects(
                        "a config that is a FIFO",
                        damaged(checkpoint -> special(checkpoint.resolve("config.json"), "mkfifo")),
                        "config.json",
                        "not a regular file")
                .rejects(
                        "a shard that is a FIFO",
                        sharded(checkpoint -> special(checkpoint.resolve(SECOND), "mkfifo")),
                        SECOND,
                        "not a regular file")
                .rejects(
                        "weights that are a device",
                        damaged(checkpoint -> link(checkpoint.resolve(SINGLE), Path.of("/dev/zero"))),
                        SINGLE,
                        "not a regular file")
                .rejects(
                        "a companion that is a FIFO",
                        damaged(checkpoint -> special(checkpoint.resolve("tokenizer.json"), "mkfifo")),
                        "tokenizer.json",
                        "not a regular file");
    }

    private static void links(Group group) {
        group.rejects(
                        "weights that are a link to elsewhere",
                        damaged(checkpoint -> escape(checkpoint, SINGLE)),
                        SINGLE,
                        "link",
                        "outside",
                        "elsewhere")
                .rejects(
                        "a shard that is a link to elsewhere",
                        sharded(checkpoint -> escape(checkpoint, SECOND)),
                        SECOND,
                        "link",
                        "outside")
                .rejects(
                        "a config that is a link to elsewhere",
                        damaged(checkpoint -> escape(checkpoint, "config.json")),
                        "config.json",
                        "link",
                        "outside")
                .rejects(
                        "a tokenizer that is a link to a secret",
                        damaged(checkpoint -> escape(checkpoint, "tokenizer.json")),
                        "tokenizer.json",
                        "link",
                        "outside")
                .rejects(
                        "a chat template that is a link to a secret",
                        damaged(checkpoint -> link(checkpoint.resolve("chat_template.jinja"), Path.of("/etc/passwd"))),
                        "chat_template.jinja",
                        "link",
                        "outside")
                .rejects(
                        "a link that leads nowhere",
                        damaged(checkpoint -> link(checkpoint.resolve(SINGLE), Path.of("gone"))),
                        SINGLE,
                        "link",
                        "nowhere")
                .rejects(
                        "an index that is a link to nowhere",
                        sharded(checkpoint -> link(checkpoint.resolve(INDEX), Path.of("gone"))),
                        INDEX,
                        "link",
                        "nowhere")
                .rejects(
                        "a link to itself",
                        damaged(checkpoint -> link(checkpoint.resolve("tokenizer.json"), Path.of("tokenizer.json"))),
                        "tokenizer.json",
                        "link",
                        "nowhere")
                .rejects(
                        "links that pretend to be a cache",
                        directory -> {
                            Path secret = Files.createDirectories(directory.resolve("secrets/blobs"))
                                    .resolve("key");
                            Files.writeString(secret, "secret");
                            return damaged(checkpoint -> link(checkpoint.resolve("merges.txt"), secret))
                                    .arrange(directory);
                        },
                        "merges.txt",
                        "link",
                        "outside")
                .accepts("a link inside the checkpoint", damaged(checkpoint -> {
                    Files.move(checkpoint.resolve(SINGLE), checkpoint.resolve("weights"));
                    link(checkpoint.resolve(SINGLE), Path.of("weights"));
                }))
                .accepts("a checkpoint that is itself a link", directory -> {
                    TinyLlama.create().write(directory.resolve("real"));
                    Files.createSymbolicLink(directory.resolve(Group.CHECKPOINT), Path.of("real"));
                    return convert(directory);
                })
                .accepts("a snapshot in the Hugging Face cache", directory -> {
                    Path snapshot = cache(directory);
                    Files.createSymbolicLink(directory.resolve(Group.CHECKPOINT), snapshot);
                    return convert(directory);
                })
                .accepts("a folder of links into the Hugging Face cache", directory -> {
                    Path snapshot = cache(directory);
                    Path folder = Files.createDirectory(directory.resolve(Group.CHECKPOINT));
                    try (Stream<Path> files = Files.list(snapshot)) {
                        for (Path file : files.toList()) {
                            Files.createSymbolicLink(folder.resolve(file.getFileName()), file.toRealPath());
                        }
                    }
                    return convert(directory);
                });
    }

    /** What huggingface_hub makes of a download: blobs, and snapshots of links to them. Returns the snapshot. */
    private static Path cache(Path directory) throws IOException {
        Path repository = directory.resolve("hub/models--tiny--llama");
        Path snapshot = TinyLlama.create().sharded(2).tokenizer().write(repository.resolve("snapshots/0f1e2d"));
        Path blobs = Files.createDirectory(repository.resolve("blobs"));
        try (Stream<Path> files = Files.list(snapshot)) {
            for (Path file : files.toList()) {
                Path blob = blobs.resolve(Integer.toHexString(file.getFileName().hashCode()));
                Files.move(file, blob);
                Files.createSymbolicLink(file, Path.of("../../blobs").resolve(blob.getFileName()));
            }
        }
        return snapshot;
    }

    /** Moves a file out of the checkpoint, and leaves a link. */
    private static void escape(Path checkpoint, String name) throws IOException {
        Path elsewhere =
                Files.createDirectory(checkpoint.resolveSibling("elsewhere")).resolve(name);
        Files.move(checkpoint.resolve(name), elsewhere);
        Files.createSymbolicLink(checkpoint.resolve(name), elsewhere);
    }

    private static void link(Path file, Path target) throws IOException {
        Files.deleteIfExists(file);
        Files.createSymbolicLink(file, target);
    }

    private static void special(Path file, String maker) throws IOException {
        Files.deleteIfExists(file);
        try {
            Process process =
                    new ProcessBuilder(maker, file.toString()).inheritIO().start();
            if (process.waitFor() != 0) {
                throw new IOException(maker + " failed");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void twice(Path checkpoint) throws IOException {
        new SafetensorsBuilder().add(HEAD, DType.F32, new float[] {1}, 1).write(checkpoint.resolve(FIRST));
    }

    private static Scene sharded(Damage damage) {
        return damaged(TinyLlama.create().sharded(2), damage);
    }

    private static Scene text(String json) {
        return sharded(checkpoint -> Files.writeString(checkpoint.resolve(INDEX), json));
    }

    private static Scene repeated(String start, int parts, String part, String end) {
        return sharded(checkpoint -> Repeated.of(start, parts, part, end).write(checkpoint.resolve(INDEX)));
    }

    private static Scene index(Consumer<ObjectNode> change) {
        return sharded(checkpoint -> {
            Path file = checkpoint.resolve(INDEX);
            ObjectNode root = (ObjectNode) JSON.readTree(file.toFile());
            change.accept(root);
            Files.writeString(file, root.toString());
        });
    }

    private static Scene shard(String name) {
        String escaped = JSON.valueToTree(name).toString().replace("\ud800", "\\ud800");
        return sharded(checkpoint -> {
            Path file = checkpoint.resolve(INDEX);
            ObjectNode root = (ObjectNode) JSON.readTree(file.toFile());
            map(root).put(HEAD, "@");
            Files.writeString(file, root.toString().replace("\"@\"", escaped));
        });
    }

    private static ObjectNode map(ObjectNode root) {
        return (ObjectNode) root.get("weight_map");
    }

    private static ObjectNode metadata(ObjectNode root) {
        return (ObjectNode) root.get("metadata");
    }
}
