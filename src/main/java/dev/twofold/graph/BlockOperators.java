package dev.twofold.graph;

/**
 * The operators of weights in blocks.
 *
 * @param fused whether they are ONNX Runtime's own, which read blocks as they are; otherwise standard ones, which make numbers of
 *     blocks first, and which runtimes fuse
 * @param fusedRows the same of looking up rows of a table, for which some builds of ONNX Runtime have no operator of their own
 * @param accuracyLevel of ONNX Runtime's: 0 to leave it to the runtime, 1 for sums in fp32, 4 for activations in int8
 */
public record BlockOperators(boolean fused, boolean fusedRows, int accuracyLevel) {

    public static final BlockOperators STANDARD = new BlockOperators(false, false, 0);

    public static BlockOperators fused(int accuracyLevel) {
        return new BlockOperators(true, true, accuracyLevel);
    }

    /** The same with rows looked up in standard operators. */
    public BlockOperators withPlainRows() {
        return new BlockOperators(fused, false, accuracyLevel);
    }
}
