package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.PlainName;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The types of weights that transformers.js has names for, its {@code dtype}, and the files it looks for them in.
 *
 * @see <a href="https://huggingface.co/docs/transformers.js/guides/dtypes">its guide</a>
 */
public enum WebType {
    FP32("", Precision.FP32, OptionalInt.empty()),
    FP16("_fp16", Precision.FP16, OptionalInt.empty()),
    Q4("_q4", Precision.FP32, OptionalInt.of(4)),
    Q4F16("_q4f16", Precision.FP16, OptionalInt.of(4)),
    Q8("_quantized", Precision.FP32, OptionalInt.of(8));

    /** What is written where no type is asked for. */
    public static final List<WebType> USUAL = List.of(FP32, FP16, Q4);

    private static final String DIRECTORY = "onnx";

    private final String suffix;
    private final Precision precision;
    private final OptionalInt bits;

    WebType(String suffix, Precision precision, OptionalInt bits) {
        this.suffix = suffix;
        this.precision = precision;
        this.bits = bits;
    }

    /** Of a decoder, by the fewest bits that its matrices have; empty if transformers.js has no name for it. */
    public static Optional<WebType> of(Decoder decoder) {
        return of(
                decoder.precision(),
                decoder.blocks().stream().mapToInt(IntegerBlocks::bits).min());
    }

    /** @param bits of matrices in blocks, if there are such */
    public static Optional<WebType> of(Precision precision, OptionalInt bits) {
        return Arrays.stream(values())
                .filter(type -> type.precision == precision && type.bits.equals(bits))
                .findFirst();
    }

    /** The type of what is not in blocks, and of arithmetic. */
    public Precision precision() {
        return precision;
    }

    /** Of matrices in blocks, if there are such. */
    public OptionalInt bits() {
        return bits;
    }

    /** The model, from the output's directory. */
    public String file() {
        return DIRECTORY + "/" + model();
    }

    /** The model's weights, from the output's directory. */
    public String dataFile() {
        return DIRECTORY + "/" + data();
    }

    String model() {
        return "model" + suffix + ".onnx";
    }

    /** Beside the model. */
    String data() {
        return model() + "_data";
    }

    /** As transformers.js calls it. */
    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
