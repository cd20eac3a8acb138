package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;
import static dev.twofold.reject.Group.damaged;
import static dev.twofold.reject.Group.replaced;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.TinyLlama;
import java.nio.file.Files;
import java.util.List;

/** Tokenizers, which are read by a native library that a stranger's file should not reach unchecked. */
final class TokenizerCases {

    private static final String FILE = "tokenizer.json";
    private static final String ONE_WORD =
            "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"alice\", \"vocab\": {\"alice\": 0}}}";

    private TokenizerCases() {}

    static List<Case> all() {
        Group group = new Group("tokenizer");
        copied(group);
        used(group);
        return group.cases();
    }

    private static void copied(Group group) {
        group.accepts(
                        "no tokenizer, where none is needed",
                        damaged(checkpoint -> Files.delete(checkpoint.resolve(FILE))))
                .rejects(
                        "a tokenizer cut short",
                        replaced(FILE, "{\"version\": \"1.0\", \"model\": {"),
                        FILE,
                        "not valid JSON")
                .rejects("a tokenizer that is a list", replaced(FILE, "[]"), FILE, "not a JSON object")
                .rejects("an HTML page", replaced(FILE, "<!DOCTYPE html>"), FILE, "not valid JSON")
                .rejects(
                        "deep nesting",
                        damaged(checkpoint -> Repeated.of("{\"normalizer\":", 500_000, "{\"normalizers\":[", "")
                                .write(checkpoint.resolve(FILE))),
                        FILE,
                        "beyond any bounds")
                .rejects(
                        "a tokenizer of 1 GB",
                        damaged(checkpoint -> Sparse.write(checkpoint.resolve(FILE), 1 << 30)),
                        FILE,
                        "too large")
                .rejects(
                        "a token beyond the vocabulary",
                        replaced(FILE, words("\"Alice\": 128")),
                        FILE,
                        "key model.vocab",
                        "128",
                        "127",
                        "another model")
                .rejects(
                        "a token of 2^31",
                        replaced(FILE, words("\"Alice\": 2147483648")),
                        FILE,
                        "key model.vocab",
                        "2147483648")
                .rejects("a negative token", replaced(FILE, words("\"Alice\": -1")), FILE, "key model.vocab", "-1")
                .rejects("a token that is text", replaced(FILE, words("\"Alice\": \"8\"")), FILE, "key model.vocab")
                .rejects(
                        "more pieces than the vocabulary",
                        replaced(
                                FILE,
                                "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 0.0]"
                                        + ", [\"b\", 0.0]".repeat(128) + "]}}"),
                        FILE,
                        "key model.vocab",
                        "128")
                .accepts(
                        "an added token that the model lacks",
                        replaced(
                                FILE,
                                "{\"added_tokens\": [{\"id\": 128, \"content\": \"<pad>\"}], \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0}}}"));
    }

    private static void used(Group group) {
        group.rejects("no tokenizer, where one is needed", inspected(null), FILE, "no tokenizer", "copy")
                .rejects("a tokenizer without a model", inspected("{}"), FILE, "key model", "missing", "download")
                .rejects(
                        "a tokenizer of an unknown kind",
                        inspected("{\"model\": {\"type\": \"Mystery\"}}"),
                        FILE,
                        "cannot be read",
                        "download")
                .rejects(
                        "a tokenizer without its token for the unknown (found by fuzzing)",
                        inspected("{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"model\": {\"type\": \"WordLevel\","
                                + " \"unk_token\": \"<unk>\", \"vocab\": {\"alice\": 0}}}"),
                        FILE,
                        "does not work",
                        "Missing [UNK] token")
                .rejects(
                        "a normalizer that ends the process of the library",
                        inspected(
                                "{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAAAAAAAAA=\"},"
                                        + ONE_WORD),
                        FILE,
                        "broke off",
                        "download")
                .rejects(
                        "a template that ends the process of the library",
                        inspected(
                                "{\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\":"
                                        + " {\"id\": \"[X]\", \"type_id\": 0}}], \"pair\": [], \"special_tokens\": {}},"
                                        + ONE_WORD),
                        FILE)
                .rejects(
                        "an added token beyond the vocabulary, when a text has it",
                        inspected(added()),
                        FILE,
                        "token 128",
                        "below 128");
    }

    /** As many words as the model has, and one that was added. */
    private static String added() {
        StringBuilder words = new StringBuilder("\"w0\": 0");
        for (int id = 1; id < TinyLlama.VOCABULARY; id++) {
            words.append(", \"w").append(id).append("\": ").append(id);
        }
        return "{\"added_tokens\": [{\"id\": 128, \"content\": \"Alice\", \"special\": false, \"single_word\": false,"
                + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false}], \"model\": {\"type\": \"WordLevel\","
                + " \"unk_token\": \"w0\", \"vocab\": {" + words + "}}}";
    }

    private static String words(String entry) {
        return "{\"version\": \"1.0\", \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, "
                + entry + "}}}";
    }

    /** Measures a checkpoint on a text, which its tokenizer has to cut. */
    private static Scene inspected(String tokenizer) {
        return directory -> {
            TinyLlama model = TinyLlama.create();
            if (tokenizer != null) {
                model.file(FILE, tokenizer);
            }
            model.write(directory.resolve(CHECKPOINT));
            Files.writeString(directory.resolve("text"), "Alice was beginning to get very tired ".repeat(20));
            return List.of(
                    "inspect",
                    directory.resolve(CHECKPOINT).toString(),
                    "--text",
                    directory.resolve("text").toString(),
                    "--cache",
                    "none",
                    "-o",
                    directory.resolve(Group.OUTPUT).toString());
        };
    }
}
