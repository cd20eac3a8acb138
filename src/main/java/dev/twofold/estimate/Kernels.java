package dev.twofold.estimate;

import dev.twofold.estimate.Workload.Stage;
import java.util.Map;
import java.util.Set;

/**
 * Kernels that the operators of a graph become. In a runtime for graphs each is one, but for those that only say how a
 * value is to be seen. A framework that runs operators one by one has more: counted in transformers' Llama (its
 * {@code modeling_llama.py}) in 16 bits, where an RMSNorm is 8 (to float32, square, mean, add, reciprocal root, multiply, back,
 * multiply), a rotation 5 (negate, concatenate, two products, sum), a cache two concatenations, and the three
 * projections before an attention, which the graph has in one, are apart.
 */
final class Kernels {

    private static final int NORM = 8;
    private static final int ROTATION = 5;
    /** Keys and values are appended to the cache, and attended to. */
    private static final int ATTENTION = 3;

    private static final Set<String> VIEWS = Set.of("Shape", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity");

    /** Operators that are not one kernel. A sigmoid is part of the SiLU that its product is counted as. */
    private static final Map<String, Integer> EAGER = Map.of(
            "LayerNormalization",
            1,
            "SkipLayerNormalization",
            2,
            "SimplifiedLayerNormalization",
            NORM,
            "RMSNormalization",
            NORM,
            "SkipSimplifiedLayerNormalization",
            1 + NORM,
            "RotaryEmbedding",
            ROTATION,
            "Attention",
            ATTENTION,
            "GroupQueryAttention",
            2 + 2 * ROTATION + ATTENTION,
            "Sigmoid",
            0);

    private Kernels() {}

    /** Of a stage, its exchange apart. */
    static int of(Stage stage, RuntimeName runtime) {
        return stage.operators().entrySet().stream()
                .mapToInt(operator -> operator.getValue() * of(operator.getKey(), runtime))
                .sum();
    }

    private static int of(String operator, RuntimeName runtime) {
        if (VIEWS.contains(operator)) {
            return 0;
        }
        return runtime == RuntimeName.EAGER ? EAGER.getOrDefault(operator, 1) : 1;
    }
}
