package dev.twofold.target.gguf;

import dev.twofold.gguf.TensorType;

/**
 * The type of each tensor. In files of few bits, the head, the values and the last projections of some blocks are stored in
 * more, as llama.cpp's quantizer does without an importance matrix (llama-quant.cpp).
 *
 * @param tied whether the embedding is the head
 * @param blocks of the model
 * @param experts in each; 0 if there are none
 * @param grouped whether heads share keys and values
 */
record TypeMix(MatrixType asked, boolean tied, int blocks, int experts, boolean grouped) {

    /** Blocks of the models, of 70 billion weights, whose few values are worth more bits. */
    private static final int SEVENTY_BILLION = 80;

    private static final int MIXTRAL = 8;

    TensorType of(GgufTensor tensor) {
        if (tensor.use() == GgufTensor.Use.SMALL) {
            return TensorType.F32;
        }
        TensorType wanted = asked.isBlocked() ? wanted(tensor) : asked.most();
        return whole(wanted, tensor.shape().columns());
    }

    private TensorType wanted(GgufTensor tensor) {
        return switch (tensor.use()) {
            case HEAD -> head(tensor);
            case EMBEDDING -> tied ? head(tensor) : asked.most();
            case VALUE -> value(tensor.block());
            case KEY -> experts == MIXTRAL ? TensorType.Q8_0 : asked.most();
            case QUERY_KEY_VALUE ->
                switch (asked) {
                    case Q4_K_M -> TensorType.Q5_K;
                    case Q5_K_M -> TensorType.Q6_K;
                    default -> asked.most();
                };
            case OUTPUT -> experts == MIXTRAL && asked.most() == TensorType.Q4_K ? TensorType.Q5_K : asked.most();
            case DOWN -> down(tensor.block());
            default -> asked.most();
        };
    }

    private TensorType head(GgufTensor tensor) {
        boolean whole = tensor.shape().columns() % asked.most().blockElements() == 0;
        return whole && asked.most() != TensorType.Q8_0 ? TensorType.Q6_K : TensorType.Q8_0;
    }

    private TensorType value(int block) {
        if (experts == MIXTRAL) {
            return TensorType.Q8_0;
        }
        boolean medium = asked == MatrixType.Q4_K_M || asked == MatrixType.Q5_K_M;
        if (medium && hasMore(block)) {
            return TensorType.Q6_K;
        }
        boolean more = asked == MatrixType.Q4_K_S && block < 4 || blocks == SEVENTY_BILLION && grouped;
        return more && asked.most() == TensorType.Q4_K ? TensorType.Q5_K : asked.most();
    }

    private TensorType down(int block) {
        return switch (asked) {
            case Q4_K_M, Q5_K_M -> hasMore(block) ? TensorType.Q6_K : asked.most();
            case Q4_K_S -> block < blocks / 8 ? TensorType.Q5_K : asked.most();
            default -> asked.most();
        };
    }

    /** The first and the last eighth of the blocks, and every third between them. */
    private boolean hasMore(int block) {
        return block < blocks / 8 || block >= 7 * blocks / 8 || (block - blocks / 8) % 3 == 2;
    }

    /** The nearest type whose blocks divide rows. */
    private static TensorType whole(TensorType wanted, long columns) {
        if (columns % wanted.blockElements() == 0) {
            return wanted;
        }
        TensorType smaller = switch (wanted) {
            case Q4_K -> TensorType.Q5_0;
            case Q5_K -> TensorType.Q5_1;
            case Q6_K -> TensorType.Q8_0;
            default -> TensorType.F16;
        };
        return columns % smaller.blockElements() == 0 ? smaller : TensorType.F16;
    }
}
