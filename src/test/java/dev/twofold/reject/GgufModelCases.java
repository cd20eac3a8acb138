package dev.twofold.reject;

import static dev.twofold.reject.GgufCases.changed;
import static dev.twofold.testing.GgufBuilder.FLOAT32;
import static dev.twofold.testing.GgufBuilder.INT32;
import static dev.twofold.testing.GgufBuilder.STRING;
import static dev.twofold.testing.GgufBuilder.UINT32;
import static dev.twofold.testing.GgufBuilder.four;
import static dev.twofold.testing.GgufBuilder.joined;
import static dev.twofold.testing.GgufBuilder.string;

import java.util.List;

/** Sound GGUF files of models and tokenizers that are not. */
final class GgufModelCases {

    private static final String Q = "blk.0.attn_q.weight";
    private static final String TOKENS = "tokenizer.ggml.tokens";

    private GgufModelCases() {}

    static void add(Group group) {
        model(group);
        tokenizer(group);
    }

    private static void model(Group group) {
        group.rejects(
                        "no architecture",
                        changed(file -> file.without("general.architecture")),
                        "key general.architecture",
                        "missing")
                .rejects(
                        "an unknown architecture",
                        changed(file -> file.text("general.architecture", "lama")),
                        "key general.architecture",
                        "'llama'")
                .rejects(
                        "no layers",
                        changed(file -> file.without("llama.block_count")),
                        "key llama.block_count",
                        "missing")
                .rejects(
                        "layers that are text",
                        changed(file -> file.text("llama.block_count", "1")),
                        "key llama.block_count",
                        "positive whole number")
                .rejects(
                        "0 heads",
                        changed(file -> file.number("llama.attention.head_count", 0)),
                        "key llama.attention.head_count")
                .rejects(
                        "2^31 layers",
                        changed(file -> file.number("llama.block_count", 1L << 31)),
                        "key llama.block_count")
                .rejects(
                        "2^30 layers",
                        changed(file -> file.number("llama.block_count", 1L << 30)),
                        "key llama.block_count",
                        "too many layers")
                .rejects(
                        "layers of different sizes",
                        changed(file -> file.list("llama.feed_forward_length", UINT32, 2, joined(four(64), four(32)))),
                        "key llama.feed_forward_length",
                        "different sizes")
                .rejects(
                        "heads of different sizes",
                        changed(file -> file.number("llama.attention.value_length", 8)),
                        "key llama.attention.value_length")
                .rejects(
                        "heads of 2^31",
                        changed(file -> file.number("llama.attention.key_length", 1L << 31)
                                .number("llama.attention.value_length", 1L << 31)),
                        "llama.")
                .rejects(
                        "half of a head turning",
                        changed(file -> file.number("llama.rope.dimension_count", 8)),
                        "key llama.rope.dimension_count",
                        "16")
                .rejects(
                        "a key that nobody knows",
                        changed(file -> file.number("llama.attention.twist", 3)),
                        "key llama.attention.twist",
                        "not supported")
                .accepts(
                        "a key that nobody knows, and that says nothing",
                        changed(file -> file.number("llama.attention.twist", 0)))
                .rejects(
                        "an unknown scaling of positions",
                        changed(file -> file.text("llama.rope.scaling.type", "spiral")),
                        "key llama.rope.scaling.type",
                        "spiral")
                .rejects(
                        "YaRN without a factor",
                        changed(file -> file.text("llama.rope.scaling.type", "yarn")),
                        "key llama.rope.scaling.factor")
                .rejects(
                        "factors of the wrong number",
                        changed(file -> file.tensor("rope_freqs.weight", 0, new byte[12], 3)),
                        "tensor rope_freqs.weight",
                        "[8]")
                .rejects(
                        "factors of zero",
                        changed(file -> file.tensor("rope_freqs.weight", 0, new byte[32], 8)),
                        "key rope_factors_short.weight",
                        "positive factor")
                .rejects(
                        "a base of NaN",
                        changed(file -> file.real("llama.rope.freq_base", Float.NaN)),
                        "key llama.rope.freq_base")
                .rejects(
                        "an epsilon of 0",
                        changed(file -> file.real("llama.attention.layer_norm_rms_epsilon", 0)),
                        "key llama.attention.layer_norm_rms_epsilon")
                .rejects(
                        "a context of 2^30",
                        changed(file -> file.number("llama.context_length", 1 << 30)),
                        "key llama.context_length",
                        "too long")
                .rejects(
                        "weights that are not numbers",
                        changed(file ->
                                file.tensor(Q, 2, joined(four(0x7e00), new byte[14], new byte[18 * 31 + 2]), 32, 32)),
                        "tensor " + Q,
                        "NaN");
    }

    private static void tokenizer(Group group) {
        List<String> seventeen = List.of("a b c d e f g h i j k l m n o p q".split(" "));
        group.accepts("no tokenizer", changed(file -> file.without("tokenizer.ggml.model")))
                .accepts("a tokenizer of another kind", changed(file -> file.text("tokenizer.ggml.model", "t5")))
                .accepts(
                        "a template that would run code, which nothing here does",
                        changed(file -> file.text(
                                "tokenizer.chat_template", "{{ cycler.__init__.__globals__.os.popen('id').read() }}")))
                .rejects("no tokens", changed(file -> file.without(TOKENS)), "key " + TOKENS, "missing")
                .rejects(
                        "tokens that are numbers",
                        changed(file -> file.list(TOKENS, INT32, 1, four(1))),
                        "key " + TOKENS,
                        "not a list of texts")
                .rejects(
                        "a token too many", changed(file -> file.texts(TOKENS, seventeen)), "key " + TOKENS, "17", "16")
                .rejects(
                        "a token twice",
                        changed(file -> file.texts(TOKENS, List.of("a", "b", "a"))),
                        "key " + TOKENS,
                        "tokens 0 and 2")
                .rejects(
                        "a token of a megabyte",
                        changed(file -> file.texts(TOKENS, List.of("a", "b", "x".repeat(1 << 20)))),
                        "key " + TOKENS,
                        "too long")
                .rejects(
                        "a type too few",
                        changed(file -> file.list("tokenizer.ggml.token_type", INT32, 1, four(1))),
                        "key tokenizer.ggml.token_type",
                        "16")
                .rejects(
                        "a token of an unknown type",
                        changed(file -> file.texts(TOKENS, List.of("a", "b"))
                                .without("tokenizer.ggml.merges")
                                .list("tokenizer.ggml.token_type", INT32, 2, joined(four(1), four(-7)))),
                        "key tokenizer.ggml.token_type",
                        "-7")
                .rejects(
                        "an unknown way to cut texts",
                        changed(file -> file.text("tokenizer.ggml.pre", "scissors")),
                        "key tokenizer.ggml.pre",
                        "scissors",
                        "llama-bpe")
                .rejects(
                        "a merge of what is no token",
                        changed(file -> file.texts("tokenizer.ggml.merges", List.of("a b", "a z"))),
                        "key tokenizer.ggml.merges",
                        "a z")
                .rejects(
                        "a merge of one",
                        changed(file -> file.texts("tokenizer.ggml.merges", List.of("ab"))),
                        "key tokenizer.ggml.merges",
                        "ab")
                .rejects(
                        "a begin token beyond the vocabulary",
                        changed(file -> file.number("tokenizer.ggml.bos_token_id", 16)),
                        "key tokenizer.ggml.bos_token_id",
                        "0 to 15")
                .accepts(
                        "no begin token, by the number for none",
                        changed(file -> file.number("tokenizer.ggml.bos_token_id", -1)))
                .rejects(
                        "a begin token that is asked for and not named",
                        changed(file ->
                                file.without("tokenizer.ggml.bos_token_id").flag("tokenizer.ggml.add_bos_token", 1)),
                        "key tokenizer.ggml.add_bos_token",
                        "bos_token_id")
                .rejects(
                        "pieces without scores",
                        changed(file -> file.text("tokenizer.ggml.model", "llama")),
                        "key tokenizer.ggml.scores")
                .rejects(
                        "scores of the wrong number",
                        changed(file -> file.text("tokenizer.ggml.model", "llama")
                                .list("tokenizer.ggml.scores", FLOAT32, 1, four(0))),
                        "key tokenizer.ggml.scores",
                        "16")
                .rejects(
                        "a template that is a number",
                        changed(file -> file.number("tokenizer.chat_template", 1)),
                        "key tokenizer.chat_template")
                .rejects(
                        "an end token that is text",
                        changed(file -> file.value("tokenizer.ggml.eos_token_id", STRING, string("</s>"))),
                        "key tokenizer.ggml.eos_token_id");
    }
}
