package dev.twofold.target.gguf;

import dev.twofold.gguf.TensorType;
import java.util.Locale;

/**
 * What the matrices of a file are stored in, by the names that llama.cpp's users know. Those in blocks of few bits store some
 * matrices in more of them, as {@link TypeMix} says.
 */
public enum MatrixType {
    FP32(0, TensorType.F32),
    FP16(1, TensorType.F16),
    BF16(32, TensorType.BF16),
    Q8_0(7, TensorType.Q8_0),
    Q6_K(18, TensorType.Q6_K),
    Q5_K_M(17, TensorType.Q5_K),
    Q5_K_S(16, TensorType.Q5_K),
    Q5_1(9, TensorType.Q5_1),
    Q5_0(8, TensorType.Q5_0),
    Q4_K_M(15, TensorType.Q4_K),
    Q4_K_S(14, TensorType.Q4_K),
    Q4_1(3, TensorType.Q4_1),
    Q4_0(2, TensorType.Q4_0);

    private final int fileType;
    private final TensorType most;

    MatrixType(int fileType, TensorType most) {
        this.fileType = fileType;
        this.most = most;
    }

    /** What {@code general.file_type} says. */
    int fileType() {
        return fileType;
    }

    /** What most matrices are stored in. */
    TensorType most() {
        return most;
    }

    boolean isBlocked() {
        return most.blockElements() > 1;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
