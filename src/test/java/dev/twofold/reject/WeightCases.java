package dev.twofold.reject;

import static dev.twofold.reject.Group.CHECKPOINT;
import static dev.twofold.reject.Group.convert;

import dev.twofold.reject.Case.Scene;
import dev.twofold.tensor.DType;
import dev.twofold.testing.TinyLlama;
import java.util.List;

/** Numbers that a model cannot be made of; they come to light while they are written. */
final class WeightCases {

    private static final String DOWN = "model.layers.1.mlp.down_proj.weight";
    private static final String EMBEDDING = "model.embed_tokens.weight";

    private WeightCases() {}

    static List<Case> all() {
        return new Group("weights")
                .rejects(
                        "NaN in float32",
                        element(DType.F32, EMBEDDING, 3 * 64 + 5, Float.NaN),
                        "tensor " + EMBEDDING,
                        "[3, 5]",
                        "NaN")
                .rejects(
                        "NaN in bfloat16",
                        element(DType.BF16, DOWN, 96 + 7, Float.NaN, "--dtype", "bf16"),
                        "tensor " + DOWN,
                        "[1, 7]",
                        "NaN")
                .rejects(
                        "NaN in float16",
                        element(DType.F16, DOWN, 96 + 7, Float.NaN, "--dtype", "fp16"),
                        "tensor " + DOWN,
                        "[1, 7]",
                        "NaN")
                .rejects("NaN in a norm", element(DType.F32, "model.norm.weight", 5, Float.NaN), "tensor ", "NaN")
                .rejects(
                        "NaN that is rounded to float16",
                        element(DType.BF16, EMBEDDING, 64, Float.NaN, "--dtype", "fp16"),
                        "tensor " + EMBEDDING,
                        "[1, 0]",
                        "NaN")
                .rejects(
                        "infinity",
                        element(DType.F32, DOWN, 0, Float.POSITIVE_INFINITY),
                        "tensor " + DOWN,
                        "[0, 0]",
                        "Infinity")
                .rejects(
                        "minus infinity in the last place",
                        element(DType.BF16, "lm_head.weight", 128 * 64 - 1, Float.NEGATIVE_INFINITY),
                        "tensor lm_head.weight",
                        "[127, 63]",
                        "-Infinity")
                .rejects(
                        "overflow of fp16",
                        element(DType.F32, DOWN, 77, 1e6f, "--dtype", "fp16"),
                        "tensor " + DOWN,
                        "[0, 77]",
                        "overflows fp16",
                        "65504",
                        "--dtype bf16")
                .rejects(
                        "overflow of fp16 from bfloat16",
                        element(DType.BF16, DOWN, 77, 1e6f, "--dtype", "fp16"),
                        "tensor " + DOWN,
                        "[0, 77]",
                        "overflows fp16")
                .rejects(
                        "overflow of bf16",
                        element(DType.F32, DOWN, 77, Float.MAX_VALUE, "--dtype", "bf16"),
                        "tensor " + DOWN,
                        "[0, 77]",
                        "overflows bf16",
                        "--dtype fp32")
                .accepts("numbers too small for fp16", element(DType.F32, DOWN, 77, 1e-30f, "--dtype", "fp16"))
                .cases();
    }

    private static Scene element(DType dtype, String tensor, int index, float value, String... options) {
        return directory -> {
            TinyLlama.of(dtype, 1).element(tensor, index, value).write(directory.resolve(CHECKPOINT));
            List<String> more = List.of(options);
            return convert(
                    directory,
                    more.isEmpty()
                            ? new String[] {"--window", "0:4"}
                            : new String[] {"--window", "0:4", more.get(0), more.get(1)});
        };
    }
}
