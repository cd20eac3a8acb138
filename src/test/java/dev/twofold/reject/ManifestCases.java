package dev.twofold.reject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Manifests of outputs that were handed on by strangers. */
final class ManifestCases {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "twofold.json";

    private ManifestCases() {}

    static List<Case> all() {
        Group group = new Group("manifest");
        group.rejects(
                        "no manifest",
                        directory -> List.of(
                                "verify",
                                Files.createDirectory(directory.resolve("empty"))
                                        .toString()),
                        "empty",
                        "not an output of Twofold",
                        FILE)
                .rejects("an empty manifest", text(""), FILE, "not a JSON object")
                .rejects("a manifest cut short", text("{\"twofold\": \"0"), FILE, "malformed")
                .rejects("a manifest that lacks its files", changed(root -> root.remove("files")), FILE, "files")
                .rejects("a key twice", text("{\"twofold\": \"0.1.0\", \"twofold\": \"0.1.0\"}"), FILE, "'twofold'")
                .rejects(
                        "deep nesting",
                        directory -> {
                            Path output = Files.createDirectory(directory.resolve(Group.OUTPUT));
                            Repeated.of("{\"plan\":", 1_000_000, "[", "").write(output.resolve(FILE));
                            return List.of("verify", output.toString());
                        },
                        FILE,
                        "malformed")
                .rejects(
                        "a manifest of 1 GB",
                        directory -> {
                            Path output = Files.createDirectory(directory.resolve(Group.OUTPUT));
                            Sparse.write(output.resolve(FILE), 1 << 30);
                            return List.of("verify", output.toString());
                        },
                        FILE,
                        "too large")
                .rejects("a file that is null", changed(root -> files(root).putNull("model.onnx")), FILE, "model.onnx")
                .rejects(
                        "a file with a NUL in its name",
                        changed(root ->
                                files(root).putObject("x\0").put("bytes", 1).put("sha256", "")),
                        FILE,
                        "x?")
                .rejects(
                        "a file outside the directory",
                        changed(root -> files(root)
                                .putObject("../checkpoint/config.json")
                                .put("bytes", 1)
                                .put("sha256", "0".repeat(64))),
                        FILE,
                        "../checkpoint/config.json")
                .rejects(
                        "a hash that is none",
                        changed(root -> files(root).withObject("/model.onnx").put("sha256", "00")),
                        FILE,
                        "model.onnx")
                .rejects("a plan that is null", changed(root -> root.putNull("plan")), FILE, "plan")
                .rejects(
                        "a plan with a null in it",
                        changed(root -> root.putArray("plan").addNull()),
                        FILE,
                        "plan")
                .rejects(
                        "end tokens with a null",
                        changed(root -> model(root).putArray("endTokens").addNull()),
                        FILE,
                        "endTokens")
                .rejects(
                        "a context of text",
                        changed(root -> model(root).put("contextLength", "long")),
                        FILE,
                        "contextLength")
                .rejects(
                        "a negative context",
                        changed(root -> model(root).put("contextLength", -5)),
                        FILE,
                        "contextLength",
                        "-5")
                .rejects(
                        "end tokens beyond the vocabulary",
                        changed(root -> model(root).putArray("endTokens").add(Integer.MAX_VALUE)),
                        FILE,
                        "endTokens")
                .rejects(
                        "a type of weights that nobody knows, to be repeated",
                        repeated(root -> root.withObject("/emission").put("dtype", "fp99")),
                        FILE,
                        "fp99",
                        "fp16")
                .rejects(
                        "a file of another directory, to be written again",
                        repeated(root -> root.withObject("/emission")
                                .put("target", "gguf")
                                .put("dtype", "q8_0")
                                .put("file", "../elsewhere.gguf")),
                        FILE,
                        "emission.file",
                        "../elsewhere.gguf")
                .rejects(
                        "a plan without end, to be repeated",
                        repeated(root -> {
                            ArrayNode plan = root.putArray("plan");
                            for (int i = 0; i < 60_000; i++) {
                                plan.addObject().putObject("fold-norms");
                            }
                        }),
                        FILE,
                        "at most 1000 steps")
                .rejects(
                        "a plan with an unknown pass",
                        validated(root -> root.putArray("plan").addObject().putObject("evil")),
                        FILE,
                        "unknown pass 'evil'")
                .rejects(
                        "a plan that does not fit the model",
                        validated(root -> root.putArray("plan")
                                .addObject()
                                .putObject("pair-layers")
                                .put("window", "0:9")),
                        FILE,
                        "last layer")
                .rejects(
                        "a plan of two passes a step",
                        validated(root ->
                                root.putArray("plan").addObject().put("a", 1).put("b", 2)),
                        FILE,
                        "step of the plan")
                .fails(
                        Case.CHECK_FAILED,
                        "a hash that does not match",
                        changed(root -> files(root).withObject("/model.onnx").put("sha256", "0".repeat(64))),
                        "model.onnx",
                        "sha256");
        return group.cases();
    }

    private static Scene text(String json) {
        return directory -> {
            Path output = Files.createDirectory(directory.resolve(Group.OUTPUT));
            Files.writeString(output.resolve(FILE), json);
            return List.of("verify", output.toString());
        };
    }

    private static Path converted(Path directory, Consumer<ObjectNode> change) throws IOException {
        Path checkpoint = TinyLlama.create().tokenizer().write(directory.resolve(Group.CHECKPOINT));
        Path output = directory.resolve(Group.OUTPUT);
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:4", "--quiet");
        JsonNode manifest = JSON.readTree(output.resolve(FILE).toFile());
        change.accept((ObjectNode) manifest);
        Files.writeString(output.resolve(FILE), manifest.toString());
        return output;
    }

    private static Scene changed(Consumer<ObjectNode> change) {
        return directory -> List.of("verify", converted(directory, change).toString());
    }

    private static Scene validated(Consumer<ObjectNode> change) {
        return directory -> List.of(
                "validate",
                converted(directory, change).toString(),
                "--against",
                directory.resolve(Group.CHECKPOINT).toString());
    }

    private static Scene repeated(Consumer<ObjectNode> change) {
        return directory -> {
            Path manifest = converted(directory, change).resolve(FILE);
            return List.of(
                    "convert",
                    directory.resolve(Group.CHECKPOINT).toString(),
                    "-o",
                    directory.resolve("again").toString(),
                    "--from-manifest",
                    manifest.toString());
        };
    }

    private static ObjectNode files(ObjectNode root) {
        return (ObjectNode) root.get("files");
    }

    private static ObjectNode model(ObjectNode root) {
        return (ObjectNode) root.get("model");
    }
}
