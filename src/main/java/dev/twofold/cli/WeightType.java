package dev.twofold.cli;

import dev.twofold.diag.PlainName;
import dev.twofold.tensor.Precision;
import java.util.Optional;

/** What {@code --dtype} can be: a type of everything, or whole numbers of few bits for the matrices. */
enum WeightType {
    FP32(Precision.FP32),
    FP16(Precision.FP16),
    BF16(Precision.BF16),
    INT8(8),
    INT4(4);

    private final Optional<Precision> precision;
    private final int bits;

    WeightType(Precision precision) {
        this.precision = Optional.of(precision);
        this.bits = precision.dtype().bits();
    }

    WeightType(int bits) {
        this.precision = Optional.empty();
        this.bits = bits;
    }

    /** The type of everything; empty if matrices have another than the rest. */
    Optional<Precision> precision() {
        return precision;
    }

    int bits() {
        return bits;
    }

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
