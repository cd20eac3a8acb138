package dev.twofold.reject;

import static dev.twofold.reject.Group.changed;
import static dev.twofold.reject.Group.damaged;
import static dev.twofold.reject.Group.replaced;

import dev.twofold.reject.Case.Scene;
import dev.twofold.tensor.DType;
import java.nio.file.Files;
import java.util.List;

/** Configurations that are broken, unsupported, or do not belong to the tensors. */
final class ConfigCases {

    private static final String FILE = "config.json";
    private static final int LARGEST = Integer.MAX_VALUE;

    private ConfigCases() {}

    static List<Case> all() {
        Group group = new Group("config");
        json(group);
        families(group);
        sizes(group);
        features(group);
        generation(group);
        return group.cases();
    }

    private static void json(Group group) {
        group.rejects("no checkpoint", directory -> Group.convert(directory), Group.CHECKPOINT, "does not exist")
                .rejects("no config", damaged(checkpoint -> Files.delete(checkpoint.resolve(FILE))), FILE, "missing")
                .rejects("an empty config", replaced(FILE, ""), FILE, "not a JSON object")
                .rejects("a config that is a list", replaced(FILE, "[]"), FILE, "not a JSON object", "ARRAY")
                .rejects("a config cut short", replaced(FILE, "{\"model_type\": \"lla"), FILE, "not valid JSON")
                .rejects("a config, then garbage", replaced(FILE, "{} x"), FILE, "not valid JSON")
                .rejects("a key twice", replaced(FILE, "{\"a\":1,\"a\":2}"), FILE, "'a'")
                .rejects(
                        "a config that is not UTF-8",
                        replaced(FILE, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}),
                        FILE,
                        "not UTF-8")
                .rejects("deep nesting", repeated("{\"a\":", 1_000_000, "[", ""), FILE, "beyond any bounds")
                .rejects(
                        "a config of 50 MB",
                        damaged(checkpoint -> Sparse.write(checkpoint.resolve(FILE), 50 << 20)),
                        FILE,
                        "too large")
                .rejects("a config of a million numbers", repeated("{\"a\":[", 1_000_000, "1,", "1]}"), FILE)
                .rejects(
                        "a number of 100,000 digits",
                        repeated("{\"hidden_size\":", 100_000, "9", "}"),
                        FILE,
                        "beyond any bounds")
                .accepts("an option of 100,000 letters", set("x".repeat(10_000), "\"" + "y".repeat(100_000) + "\""))
                .rejects(
                        "a Git-LFS pointer",
                        replaced(FILE, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
                        FILE,
                        "not valid JSON");
    }

    private static void families(Group group) {
        group.rejects(
                        "a missing model_type",
                        changed(model -> model.unset("model_type")),
                        FILE,
                        "key model_type",
                        "no model_type",
                        "llama")
                .rejects(
                        "an unknown model_type",
                        set("model_type", "\"lama\""),
                        FILE,
                        "key model_type",
                        "lama",
                        "'like: llama'")
                .rejects(
                        "a model_type that no file can describe",
                        set("model_type", "\"nemotron_h\""),
                        FILE,
                        "key model_type",
                        "state spaces",
                        "nemotron_h",
                        "use another model")
                .rejects(
                        "a whole whose language model no file can describe",
                        set("text_config", "{\"model_type\": \"qwen3_5_text\"}"),
                        FILE,
                        "key text_config",
                        "state spaces",
                        "use another model")
                .rejects(
                        "a whole whose language model nobody described",
                        set("text_config", "{\"model_type\": \"my_text\"}"),
                        FILE,
                        "key text_config",
                        "of model_type my_text, with a file twofold-family.yaml")
                .rejects("a model_type that is a number", set("model_type", "3"), FILE, "key model_type", "found:    3")
                .rejects(
                        "a quantised checkpoint",
                        set("quantization_config", "{\"quant_method\": \"quip\"}"),
                        FILE,
                        "key quantization_config",
                        "quip")
                .rejects(
                        "custom code",
                        set("auto_map", "{\"AutoModelForCausalLM\": \"modeling.Evil\"}"),
                        FILE,
                        "key auto_map",
                        "own code");
    }

    private static void sizes(Group group) {
        group.rejects(
                        "more layers than the tensors",
                        set("num_hidden_layers", "5"),
                        "tensor model.layers.4.",
                        "missing",
                        "config.json")
                .rejects(
                        "two thousand million layers",
                        set("num_hidden_layers", LARGEST + ""),
                        FILE,
                        "key num_hidden_layers",
                        "too many layers",
                        LARGEST + "")
                .rejects(
                        "fewer layers than the tensors",
                        set("num_hidden_layers", "3"),
                        "tensor model.layers.3.",
                        "no place",
                        "3 layers")
                .rejects("no layers", set("num_hidden_layers", "0"), FILE, "key num_hidden_layers", "found:    0")
                .rejects(
                        "heads that do not divide among the KV heads",
                        set("num_key_value_heads", "3"),
                        FILE,
                        "key num_key_value_heads",
                        "4 query heads, 3 KV heads")
                .rejects(
                        "a head_dim that does not fit the tensors",
                        set("head_dim", "32"),
                        "self_attn.q_proj.weight",
                        "[64, 64]",
                        "[128, 64]")
                .rejects(
                        "a hidden size that does not divide among the heads",
                        changed(model -> model.unset("head_dim")
                                .set("num_attention_heads", "6")
                                .set("num_key_value_heads", "2")),
                        FILE,
                        "key num_attention_heads",
                        "hidden_size 64, 6 heads")
                .rejects("an odd head_dim", set("head_dim", "15"), FILE, "key head_dim", "found:    15")
                .rejects(
                        "more words than embedding rows",
                        set("vocab_size", "129"),
                        "tensor model.embed_tokens.weight",
                        "[128, 64]",
                        "[129, 64]")
                .rejects(
                        "fewer words than embedding rows",
                        set("vocab_size", "127"),
                        "tensor model.embed_tokens.weight",
                        "[128, 64]",
                        "[127, 64]")
                .rejects(
                        "the largest sizes there are",
                        changed(model -> List.of(
                                        "hidden_size",
                                        "intermediate_size",
                                        "vocab_size",
                                        "num_attention_heads",
                                        "num_key_value_heads")
                                .forEach(key -> model.set(key, LARGEST + ""))),
                        FILE,
                        "key num_attention_heads",
                        LARGEST + "")
                .rejects(
                        "the longest context there is",
                        set("max_position_embeddings", LARGEST + ""),
                        FILE,
                        "key max_position_embeddings",
                        LARGEST + "")
                .rejects(
                        "a missing key",
                        changed(model -> model.unset("hidden_size")),
                        FILE,
                        "key hidden_size",
                        "missing")
                .rejects("a size of the wrong type", set("hidden_size", "\"64\""), FILE, "key hidden_size", "\"64\"")
                .rejects("a negative size", set("hidden_size", "-64"), FILE, "key hidden_size", "-64");
    }

    private static void features(Group group) {
        group.rejects(
                        "unsupported rotary scaling",
                        set("rope_scaling", "{\"rope_type\": \"spiral\", \"factor\": 2}"),
                        FILE,
                        "key rope_scaling.rope_type",
                        "spiral",
                        "linear")
                .rejects(
                        "rotary scaling by next to nothing",
                        set("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 1e-320}"),
                        FILE,
                        "rope_scaling")
                .rejects("a rotary base of infinity", set("rope_theta", "1e999"), FILE, "key rope_theta")
                .rejects("an epsilon beyond float32", set("rms_norm_eps", "1e300"), FILE, "key rms_norm_eps", "1.0E300")
                .rejects(
                        "an epsilon below float32", set("rms_norm_eps", "1e-300"), FILE, "key rms_norm_eps", "1.0E-300")
                .rejects("another activation", set("hidden_act", "\"gelu\""), FILE, "key hidden_act", "gelu", "silu")
                .rejects(
                        "an option that is not supported",
                        set("sliding_window", "4096"),
                        FILE,
                        "key sliding_window",
                        "4096")
                .rejects(
                        "a tied model with a head of its own",
                        set("tie_word_embeddings", "true"),
                        "tensor lm_head.weight",
                        "tie_word_embeddings")
                .rejects(
                        "an untied model without a head",
                        changed(model -> model.without("lm_head.weight")),
                        "tensor lm_head.weight",
                        "missing")
                .rejects(
                        "a missing tensor",
                        changed(model -> model.without("model.layers.2.mlp.up_proj.weight")),
                        "tensor model.layers.2.mlp.up_proj.weight",
                        "missing")
                .rejects(
                        "a tensor without a place",
                        changed(model -> model.raw("model.extra", DType.F32, new byte[4], 1)),
                        "tensor model.extra",
                        "no place")
                .rejects(
                        "weights that are integers",
                        changed(model ->
                                model.raw("model.layers.1.mlp.up_proj.weight", DType.I8, new byte[96 * 64], 96, 64)),
                        "tensor model.layers.1.mlp.up_proj.weight",
                        "I8")
                .rejects(
                        "a begin token beyond the vocabulary",
                        set("bos_token_id", "128"),
                        FILE,
                        "key bos_token_id",
                        "128");
    }

    private static void generation(Group group) {
        group.rejects(
                        "an end token beyond the vocabulary",
                        generation("{\"eos_token_id\": [2, 128]}"),
                        "generation_config.json",
                        "key eos_token_id",
                        "128")
                .rejects("a broken generation config", generation("{"), "generation_config.json", "not valid JSON");
    }

    private static Scene generation(String json) {
        return changed(model -> model.file("generation_config.json", json));
    }

    private static Scene repeated(String start, int parts, String part, String end) {
        return damaged(checkpoint -> Repeated.of(start, parts, part, end).write(checkpoint.resolve(FILE)));
    }

    private static Scene set(String key, String json) {
        return changed(model -> model.set(key, json));
    }
}
