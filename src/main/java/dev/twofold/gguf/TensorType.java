package dev.twofold.gguf;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.tensor.StorageFormat;
import dev.twofold.weight.BlockFormat;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.Weight.OnDisk;
import dev.twofold.weight.Weight.Stored;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Types of tensors by ggml's numbers and names. Those that models are not run with by Twofold are known by name only. */
public enum TensorType {
    F32(0, new Numbers(DType.F32)),
    F16(1, new Numbers(DType.F16)),
    Q4_0(2, new Blocks(BlockFormat.Q4_0)),
    Q4_1(3, new Blocks(BlockFormat.Q4_1)),
    Q5_0(6, new Blocks(BlockFormat.Q5_0)),
    Q5_1(7, new Blocks(BlockFormat.Q5_1)),
    Q8_0(8, new Blocks(BlockFormat.Q8_0)),
    Q8_1(9, Unread.UNREAD),
    Q2_K(10, new Blocks(BlockFormat.Q2_K)),
    Q3_K(11, new Blocks(BlockFormat.Q3_K)),
    Q4_K(12, new Blocks(BlockFormat.Q4_K)),
    Q5_K(13, new Blocks(BlockFormat.Q5_K)),
    Q6_K(14, new Blocks(BlockFormat.Q6_K)),
    Q8_K(15, Unread.UNREAD),
    IQ2_XXS(16, Unread.UNREAD),
    IQ2_XS(17, Unread.UNREAD),
    IQ3_XXS(18, Unread.UNREAD),
    IQ1_S(19, Unread.UNREAD),
    IQ4_NL(20, new Blocks(BlockFormat.IQ4_NL)),
    IQ3_S(21, Unread.UNREAD),
    IQ2_S(22, Unread.UNREAD),
    IQ4_XS(23, new Blocks(BlockFormat.IQ4_XS)),
    I8(24, Unread.UNREAD),
    I16(25, Unread.UNREAD),
    I32(26, Unread.UNREAD),
    I64(27, Unread.UNREAD),
    F64(28, Unread.UNREAD),
    IQ1_M(29, Unread.UNREAD),
    BF16(30, new Numbers(DType.BF16)),
    TQ1_0(34, Unread.UNREAD),
    TQ2_0(35, Unread.UNREAD),
    MXFP4(39, new Blocks(BlockFormat.MXFP4)),
    NVFP4(40, Unread.UNREAD),
    Q1_0(41, Unread.UNREAD);

    private final int number;
    private final Layout layout;

    TensorType(int number, Layout layout) {
        this.number = number;
        this.layout = layout;
    }

    /** How the numbers of a tensor lie. */
    private sealed interface Layout {}

    private record Numbers(DType format) implements Layout {}

    private record Blocks(BlockFormat format) implements Layout {}

    private enum Unread implements Layout {
        UNREAD
    }

    static Optional<TensorType> numbered(long number) {
        return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    /** Those that models can have. */
    static List<TensorType> readable() {
        return Arrays.stream(values()).filter(TensorType::isRead).toList();
    }

    /** What files call it. */
    int number() {
        return number;
    }

    boolean isRead() {
        return layout != Unread.UNREAD;
    }

    /** How its numbers are stored; only of one that is read. */
    public StorageFormat format() {
        if (layout instanceof Blocks blocks) {
            return blocks.format();
        } else if (layout instanceof Numbers numbers) {
            return numbers.format();
        }
        throw new IllegalStateException(this + " is neither read nor written");
    }

    /** Numbers that cannot be told apart in the file: a row holds a multiple of them. */
    public int blockElements() {
        return layout instanceof Blocks blocks ? blocks.format().elements() : 1;
    }

    /** Bytes of a number of elements, in whole blocks. */
    public long bytes(long elements) {
        return format().bytes(elements);
    }

    /** A tensor of this type. */
    OnDisk tensor(Path file, String name, long offset, Shape shape) {
        return layout instanceof Blocks blocks
                ? new Blocked(file, name, offset, blocks.format(), shape)
                : new Stored(file, name, offset, ((Numbers) layout).format(), shape);
    }
}
