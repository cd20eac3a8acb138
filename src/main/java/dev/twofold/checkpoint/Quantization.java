package dev.twofold.checkpoint;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How the matrices of a checkpoint are quantized, as its config.json says. Those that are not are found by what their tensors
 * are called.
 *
 * @param block rows and columns that share a scale, where nothing else follows from the shape of the scales
 * @param zerosBelow whether GPTQ's zeros are stored one too small, as its first format has them
 */
public record Quantization(Method method, Block block, boolean zerosBelow) {

    private static final String KEY = "quantization_config";
    private static final int USUAL_BLOCK = 128;

    /** What {@code quant_method} says. */
    public enum Method {
        FP8("fp8"),
        FBGEMM_FP8("fbgemm_fp8"),
        COMPRESSED("compressed-tensors"),
        GPTQ("gptq"),
        AWQ("awq"),
        BITSANDBYTES("bitsandbytes"),
        MXFP4("mxfp4");

        private final String word;

        Method(String word) {
            this.word = word;
        }
    }

    /** Rows and columns. */
    public record Block(int rows, int columns) {}

    /** Tensors that only matter to a runtime that computes in few bits, or keeps its cache so, or repeat what is known. */
    static final List<String> IGNORED = List.of(
            "*.input_scale",
            "*.output_scale",
            "*.k_scale",
            "*.v_scale",
            "*.weight_format",
            "*.weight_shape",
            "*.weight.quant_map");

    /** Of a checkpoint; empty if it is not quantized. */
    public static Optional<Quantization> of(ConfigFile config) {
        return config.object(KEY).map(options -> read(options));
    }

    private static Quantization read(ConfigFile options) {
        String word = options.text("quant_method").orElse("");
        Method method = Arrays.stream(Method.values())
                .filter(known -> known.word.equals(word))
                .findFirst()
                .orElseThrow(
                        () -> options.wrong("quant_method", "checkpoints that are quantized like this are not read")
                                .found(word.isEmpty() ? "nothing" : word)
                                .expected(Arrays.stream(Method.values())
                                        .map(known -> known.word)
                                        .collect(Collectors.joining(", ")))
                                .hint("convert the original checkpoint in bf16, fp16 or fp32"));
        List<Double> block = options.numbers("weight_block_size");
        boolean two = block.size() == 2 && block.stream().allMatch(size -> size >= 1 && size <= 1 << 20);
        if (!block.isEmpty() && !two) {
            throw options.wrong("weight_block_size", "not the rows and columns of a block")
                    .found(block);
        }
        Block shared =
                two ? new Block(block.get(0).intValue(), block.get(1).intValue()) : new Block(USUAL_BLOCK, USUAL_BLOCK);
        return new Quantization(
                method, shared, !options.textIfText("checkpoint_format").equals(Optional.of("gptq_v2")));
    }

    /**
     * What users should know.
     *
     * @param matrices how many of them are quantized
     */
    public String note(int matrices) {
        return matrices == 0
                ? "note: config.json says that the checkpoint is quantized (" + method.word
                        + "), but all its matrices are stored as plain numbers, and are read as they are"
                : "note: the checkpoint is quantized (" + method.word
                        + "); its weights are made numbers again while they are read, as transformers does";
    }
}
