package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Profiles of hardware, and configs that only {@code estimate} reads, without tensors that would contradict them. */
final class HardwareCases {

    private static final String FILE = "mine.yaml";
    private static final Path A100 = Path.of("src/main/resources/dev/twofold/hardware/a100-sxm-80gb.yaml");
    private static final String LARGEST = String.valueOf(Integer.MAX_VALUE);

    private HardwareCases() {}

    static List<Case> all() {
        Group group = new Group("estimate");
        group.rejects("empty hardware", text(""), FILE)
                .rejects("hardware that is null (found by fuzzing)", text("~"), FILE, "says nothing")
                .rejects("an alias", edited("name: NVIDIA", "name: *x"), FILE + ", line 3", "anchors")
                .rejects("a tag", edited("name: NVIDIA", "name: !!java.net.URL NVIDIA"), FILE + ", line 3", "tags")
                .rejects("a null among numbers", edited("devices: [1, 2, 4, 8]", "devices: [null]"), FILE, "how many")
                .rejects(
                        "a billion devices", edited("devices: [1, 2, 4, 8]", "devices: [1000000007]"), FILE, "how many")
                .rejects(
                        "a misspelt key",
                        edited("memory-share:", "memory-sahre:"),
                        FILE + ", line 7",
                        "did you mean 'memory-share'?")
                .rejects("two documents", edited("name: NVIDIA", "name: x\n---\nname: NVIDIA"), FILE)
                .rejects("a number beyond any hardware", edited("{value: 2039", "{value: 1e308"), FILE, "1.0E308")
                .rejects("a number that is next to nothing", edited("{value: 2039", "{value: 1e-320"), FILE)
                .rejects("no name", edited("name: NVIDIA A100 SXM4 80 GB", "name: ''"), FILE, "what people call")
                .accepts("hardware like another", text("like: h100-sxm\nname: mine\n"))
                .rejects("like hardware that there is not", text("like: h10-sxm"), FILE + ", line 1", "'h100-sxm'?")
                .rejects("like itself", text("name: x\nlike: mine"), FILE + ", line 2", "one of a100")
                .rejects("a difference that is deep", text("like: h100-sxm\nlink: " + "{link: ".repeat(15_000)), FILE)
                .rejects(
                        "a difference that is misspelt",
                        text("like: h100-sxm\n\nlink:\n  sahre: 1\n"),
                        FILE + ", line 4",
                        "did you mean 'share'?")
                .rejects(
                        "hardware of 20 MB",
                        directory -> {
                            Path file = directory.resolve(FILE);
                            Repeated.of("# ", 20 << 20, "x", "\n").write(file);
                            return estimate(checkpoint(directory, TinyLlama.create()), file.toString());
                        },
                        FILE,
                        "too large")
                .rejects("heads without end", config("num_attention_heads", LARGEST), "config.json", LARGEST)
                .rejects("a head without end", config("head_dim", "2147483646"), "config.json", "2147483646")
                .rejects("layers without end", config("num_hidden_layers", LARGEST), "config.json", "too many layers")
                .rejects(
                        "experts without end",
                        directory -> {
                            Path checkpoint = Files.createDirectory(directory.resolve(CHECKPOINT));
                            String mixtral = Files.readString(Path.of("testmodels/families/mixtral/config.json"));
                            Files.writeString(
                                    checkpoint.resolve("config.json"),
                                    mixtral.replace("\"num_local_experts\": 4", "\"num_local_experts\": " + LARGEST));
                            return estimate(checkpoint, "h100-sxm-x1");
                        },
                        "key num_local_experts",
                        LARGEST);
        return group.cases();
    }

    private static Scene text(String content) {
        return directory -> {
            Path file = Files.writeString(directory.resolve(FILE), content);
            return estimate(checkpoint(directory, TinyLlama.create()), file.toString());
        };
    }

    /** A profile that comes with Twofold, changed in one place. */
    private static Scene edited(String from, String to) {
        return directory -> {
            String shipped = Files.readString(A100);
            if (!shipped.contains(from)) {
                throw new AssertionError("a100-sxm-80gb.yaml has no " + from);
            }
            return text(shipped.replace(from, to)).arrange(directory);
        };
    }

    private static Scene config(String key, String value) {
        return directory -> estimate(checkpoint(directory, TinyLlama.create().set(key, value)), "h100-sxm-x1");
    }

    private static Path checkpoint(Path directory, TinyLlama model) throws IOException {
        return model.write(directory.resolve(CHECKPOINT));
    }

    private static List<String> estimate(Path checkpoint, String hardware) {
        return List.of("estimate", checkpoint.toString(), "--hardware", hardware, "--window", "0:4", "--devices", "1");
    }
}
