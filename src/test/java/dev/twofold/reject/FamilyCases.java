package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;
import static dev.twofold.reject.Group.damaged;

import dev.twofold.reject.Case.Scene;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Descriptions of families that checkpoints bring. */
final class FamilyCases {

    private static final String FILE = "twofold-family.yaml";
    private static final Path LLAMA = Path.of("src/main/resources/dev/twofold/families/llama.yaml");

    private FamilyCases() {}

    static List<Case> all() {
        Group group = new Group("family");
        group.accepts("a family of its own", edited("covers: Llama", "covers: My"));
        files(group);
        values(group);
        likenesses(group);
        return group.cases();
    }

    private static void files(Group group) {
        group.rejects("an empty family", text(""), FILE)
                .rejects("a family that is null", text("null"), FILE, "says nothing")
                .rejects("a family that is a list", text("[1]"), FILE)
                .rejects("an alias", edited("covers: Llama", "covers: *a"), FILE + ", line 2", "anchors")
                .rejects("an anchor", edited("embedding: {tied", "embedding: &a {tied"), FILE, "anchors")
                .rejects("a tag", edited("covers: Llama", "covers: !!java.net.URL Llama"), FILE + ", line 2", "tags")
                .rejects("a key twice", edited("covers: Llama", "covers: a\ncovers: Llama"), FILE, "covers")
                .rejects("two documents", edited("covers: Llama", "covers: a\n---\ncovers: Llama"), FILE)
                .rejects("deep nesting", text("covers: " + "[".repeat(100_000)), FILE)
                .rejects(
                        "a family of 10 MB",
                        damaged(checkpoint ->
                                Repeated.of("# ", 10 << 20, "x", "\n").write(checkpoint.resolve(FILE))),
                        FILE,
                        "too large")
                .rejects(
                        "a family that is not UTF-8",
                        damaged(checkpoint -> Files.write(checkpoint.resolve(FILE), new byte[] {'a', (byte) 0xff})),
                        FILE,
                        "not UTF-8")
                .rejects(
                        "a link to a file of the user's, for estimate too",
                        directory -> {
                            Path checkpoint = TinyLlama.create().write(directory.resolve(CHECKPOINT));
                            Path secret = Files.writeString(directory.resolve("secret"), "password: x");
                            Files.createSymbolicLink(checkpoint.resolve(FILE), secret);
                            return estimate(checkpoint);
                        },
                        FILE,
                        "outside the checkpoint");
    }

    private static void values(Group group) {
        group.rejects("an unknown key", edited("norm: {kind", "norms: {kind"), FILE, "norms")
                .rejects("a number that is a word", edited("hidden: {key: hidden_size}", "hidden: many"), FILE, "many")
                .rejects("a size of zero", edited("kv-heads: {key: num_key_value_heads}", "kv-heads: 0"), FILE, "0")
                .rejects("a negative size", edited("hidden: {key: hidden_size}", "hidden: -64"), FILE, "-64")
                .rejects(
                        "no positions in every 0th layer",
                        edited("default: 10000}}", "default: 10000}, skip-every: 0}"),
                        FILE,
                        "positive")
                .rejects(
                        "a negative cap",
                        edited("bias: {key: attention_bias", "cap: -1\n  bias: {key: attention_bias"),
                        FILE,
                        "-1")
                .rejects(
                        "a layer without a number", edited("layer: layers.{layer}.", "layer: layers."), FILE, "{layer}")
                .rejects(
                        "a layer of many numbers",
                        edited("layer: layers.{layer}.", "layer: layers." + "{layer}".repeat(5_000)),
                        FILE,
                        "{layer}")
                .rejects(
                        "a pattern that would take ages",
                        directory -> {
                            TinyLlama model = TinyLlama.create().tokenizer();
                            model.raw("a".repeat(5_000), DType.F32, new byte[4], 1);
                            return edited(model, "\"*.rotary_emb.inv_freq\"", "\"" + "*a".repeat(12) + "*b\"")
                                    .arrange(directory);
                        },
                        "no place");
    }

    private static void likenesses(Group group) {
        group.accepts("a family like another", text("like: llama\ncovers: My Llama\n"))
                .rejects("like a family that there is not", text("like: lama"), FILE + ", line 1", "'llama'?")
                .rejects("like itself", text("covers: My\nlike: twofold-family"), FILE + ", line 2", "one of llama")
                .rejects("like a file", text("like: ../families/llama.yaml"), FILE + ", line 1", "one of llama")
                .rejects("like many", text("like: [llama, mistral]"), FILE + ", line 1", "one of llama")
                .rejects(
                        "a difference that is deep", text("like: llama\nattention: " + "{query: ".repeat(15_000)), FILE)
                .rejects(
                        "a difference that is misspelt",
                        text("like: llama\n\nattention:\n  quary: q_proj\n"),
                        FILE + ", line 4",
                        "did you mean 'query'?")
                .rejects(
                        "a difference that takes away what has to be there",
                        text("like: llama\nnames: {embedding: null}\n"),
                        FILE + ", line 2",
                        "embedding is missing");
    }

    private static Scene text(String content) {
        return damaged(checkpoint -> Files.writeString(checkpoint.resolve(FILE), content));
    }

    private static Scene edited(String from, String to) {
        return edited(TinyLlama.create().tokenizer(), from, to);
    }

    /** The description of Llama, changed in one place. */
    private static Scene edited(TinyLlama model, String from, String to) {
        return damaged(model, checkpoint -> {
            String shipped = Files.readString(LLAMA);
            if (!shipped.contains(from)) {
                throw new AssertionError("llama.yaml has no " + from);
            }
            Files.writeString(
                    checkpoint.resolve(FILE), shipped.replaceFirst(Pattern.quote(from), Matcher.quoteReplacement(to)));
        });
    }

    private static List<String> estimate(Path checkpoint) {
        return List.of("estimate", checkpoint.toString(), "--hardware", "h100-sxm-x1", "--window", "0:4");
    }
}
