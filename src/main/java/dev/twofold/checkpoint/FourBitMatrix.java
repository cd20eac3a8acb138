package dev.twofold.checkpoint;

import dev.twofold.diag.Origin;
import dev.twofold.disk.MappedFiles;
import dev.twofold.parse.JsonFile;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.FourBits;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Dequantized;
import dev.twofold.weight.Weight.NestedScales;
import dev.twofold.weight.Weight.Nibbles;
import dev.twofold.weight.Weight.Stored;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A matrix of four bits of bitsandbytes: codes, two in a byte; a scale for each block of a row, or codes of scales; and a few
 * words in JSON that say how.
 */
final class FourBitMatrix {

    private static final Set<DType> ANY = EnumSet.allOf(DType.class);
    private static final Set<DType> BYTES = Set.of(DType.U8);
    private static final Set<DType> FLOATS = Set.of(DType.F32);

    /** Some 200 bytes in published checkpoints. */
    private static final int MAX_STATE = 1 << 16;

    /** What a byte can say. */
    private static final int CODES = 256;

    private final TensorSource tensors;
    private final String weight;
    private final Shape shape;
    private final FourBits kind;
    private final ConfigFile state;

    private FourBitMatrix(TensorSource tensors, String weight, Shape shape, FourBits kind, ConfigFile state) {
        this.tensors = tensors;
        this.weight = weight;
        this.shape = shape;
        this.kind = kind;
        this.state = state;
    }

    static boolean isThere(TensorSource tensors, String name) {
        return tensors.has(absmax(name + TensorSource.WEIGHT));
    }

    private static String absmax(String weight) {
        return weight + ".absmax";
    }

    static Weight read(TensorSource tensors, String name, long outputs, long inputs) {
        String weight = name + TensorSource.WEIGHT;
        FourBits kind = tensors.has(stateOf(weight, FourBits.FP4)) ? FourBits.FP4 : FourBits.NF4;
        ConfigFile state = state(tensors.take(stateOf(weight, kind), BYTES));
        return new FourBitMatrix(tensors, weight, Shape.of(outputs, inputs), kind, state).read();
    }

    private static String stateOf(String weight, FourBits kind) {
        return weight + ".quant_state.bitsandbytes__" + kind;
    }

    private static ConfigFile state(Stored stored) {
        Path file = stored.file();
        Origin origin = Origin.tensor(file, stored.name());
        if (stored.bytes() > MAX_STATE) {
            throw QuantizedMatrix.wrong(stored).expected("at most " + MAX_STATE + " bytes of JSON");
        }
        byte[] bytes = new byte[(int) stored.bytes()];
        try (MappedFiles files = new MappedFiles()) {
            files.read(file, stored.offset(), bytes.length, 1, bytes, bytes.length);
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return ConfigFile.of(file, key -> stored.name() + ": " + key, JsonFile.read(text, origin));
    }

    private Weight read() {
        if (!state.numbers("shape").equals(List.of((double) shape.dim(0), (double) shape.dim(1)))) {
            throw state.wrong("shape", "not the matrix of config.json")
                    .found(state.numbers("shape"))
                    .expected(shape);
        }
        int block = state.positive("blocksize");
        if (shape.dim(1) % block != 0) {
            throw state.wrong("blocksize", "blocks that go on in the next row are not read")
                    .found(block)
                    .expected("a part of " + shape.dim(1))
                    .hint("convert the original checkpoint in bf16, fp16 or fp32");
        }
        Shape blocks = shape.with(1, shape.dim(1) / block);
        return new Dequantized(codes(), Optional.empty(), scales(blocks), 1, block, Optional.empty(), type());
    }

    /** What the bytes are called does not matter: some are stored as numbers of the model's type. */
    private Nibbles codes() {
        Stored stored = tensors.take(weight, ANY);
        if (stored.bytes() != shape.elements() / 2) {
            throw QuantizedMatrix.wrong(stored).expected("four bits for each of " + shape);
        }
        return new Nibbles(as(stored, DType.U8, shape.with(1, shape.dim(1) / 2)), kind, true);
    }

    private Weight scales(Shape blocks) {
        if (!tensors.has(weight + ".nested_absmax")) {
            Stored scales = tensors.take(absmax(weight), FLOATS);
            require(scales, blocks.elements());
            return as(scales, DType.F32, blocks);
        }
        Stored codes = tensors.take(absmax(weight), BYTES);
        require(codes, blocks.elements());
        Stored numbers = tensors.take(weight + ".nested_quant_map", FLOATS);
        require(numbers, CODES);
        Stored outer = tensors.take(weight + ".nested_absmax", FLOATS);
        int each = state.positive("nested_blocksize");
        require(outer, (blocks.elements() + each - 1) / each);
        float offset = (float) state.number("nested_offset");
        return new NestedScales(as(codes, DType.U8, blocks), numbers, outer, each, offset);
    }

    private DType type() {
        String name = state.text("dtype").orElse("");
        return switch (name) {
            case "float32" -> DType.F32;
            case "float16" -> DType.F16;
            case "bfloat16" -> DType.BF16;
            default ->
                throw state.wrong("dtype", "no type of numbers").found(name).expected("float32, float16, bfloat16");
        };
    }

    private static Stored as(Stored stored, DType type, Shape shape) {
        return new Stored(stored.file(), stored.name(), stored.offset(), type, shape);
    }

    private static void require(Stored stored, long count) {
        if (stored.shape().elements() != count) {
            throw QuantizedMatrix.wrong(stored).expected(count + " elements");
        }
    }
}
