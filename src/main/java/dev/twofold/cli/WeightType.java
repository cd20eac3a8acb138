package dev.twofold.cli;

import dev.twofold.target.gguf.MatrixType;
import dev.twofold.tensor.Precision;
import java.util.Locale;
import java.util.Optional;

/** What {@code --dtype} can be: a type that every target has, or one of GGUF files only. */
enum WeightType {
    FP32(Precision.FP32, MatrixType.FP32),
    FP16(Precision.FP16, MatrixType.FP16),
    BF16(Precision.BF16, MatrixType.BF16),
    Q8_0(MatrixType.Q8_0),
    Q6_K(MatrixType.Q6_K),
    Q5_K_M(MatrixType.Q5_K_M),
    Q5_K_S(MatrixType.Q5_K_S),
    Q5_1(MatrixType.Q5_1),
    Q5_0(MatrixType.Q5_0),
    Q4_K_M(MatrixType.Q4_K_M),
    Q4_K_S(MatrixType.Q4_K_S),
    Q4_1(MatrixType.Q4_1),
    Q4_0(MatrixType.Q4_0);

    private final Optional<Precision> precision;
    private final MatrixType matrix;

    WeightType(Precision precision, MatrixType matrix) {
        this.precision = Optional.of(precision);
        this.matrix = matrix;
    }

    WeightType(MatrixType matrix) {
        this.precision = Optional.empty();
        this.matrix = matrix;
    }

    /** The type of everything in an ONNX model; empty if that has no such type. */
    Optional<Precision> precision() {
        return precision;
    }

    /** The type of matrices in a GGUF file. */
    MatrixType matrix() {
        return matrix;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
