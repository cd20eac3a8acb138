package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.target.gguf.MatrixType;
import dev.twofold.tensor.Precision;
import java.util.Locale;
import java.util.Optional;

/** What {@code --dtype} can be: a type that every target has, whole numbers in blocks of an ONNX model, or a type of GGUF files. */
enum WeightType {
    FP32(Precision.FP32, MatrixType.FP32),
    FP16(Precision.FP16, MatrixType.FP16),
    BF16(Precision.BF16, MatrixType.BF16),
    INT8(8),
    INT4(4),
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
    private final Optional<Integer> bits;
    private final Optional<MatrixType> matrix;

    WeightType(Precision precision, MatrixType matrix) {
        this.precision = Optional.of(precision);
        this.bits = Optional.empty();
        this.matrix = Optional.of(matrix);
    }

    WeightType(int bits) {
        this.precision = Optional.empty();
        this.bits = Optional.of(bits);
        this.matrix = Optional.empty();
    }

    WeightType(MatrixType matrix) {
        this.precision = Optional.empty();
        this.bits = Optional.empty();
        this.matrix = Optional.of(matrix);
    }

    /** The type of everything; empty if matrices have another than the rest. */
    Optional<Precision> precision() {
        return precision;
    }

    /**
     * Of the whole numbers in an ONNX model's blocks.
     *
     * @throws TwofoldException of kind USAGE if only GGUF files have this type
     */
    int bits() {
        return bits.orElseThrow(() -> TwofoldException.usage("--dtype " + this + " is a type of GGUF files")
                .hint("--target gguf, or --dtype int4"));
    }

    /**
     * The type of matrices in a GGUF file.
     *
     * @throws TwofoldException of kind USAGE if no GGUF file has this type
     */
    MatrixType matrix() {
        return matrix.orElseThrow(() -> TwofoldException.usage("--dtype " + this + " is a type of ONNX models")
                .hint(this == INT8 ? "--dtype q8_0" : "--dtype q4_k_m"));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
