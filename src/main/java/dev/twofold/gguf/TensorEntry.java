package dev.twofold.gguf;

import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.OnDisk;
import java.nio.file.Path;

/**
 * A tensor as a header declares it.
 *
 * @param shape outermost extent first, as everywhere but in the file
 * @param offset from the start of the data
 * @param bytes length of its data
 */
public record TensorEntry(String name, TensorType type, Shape shape, long offset, long bytes) {

    /** How names of tensors end that have a row of biases for each expert. */
    private static final String EXPERT_BIASES = "_exps.bias";

    long end() {
        return offset + bytes;
    }

    /** Whether it holds a matrix or a vector for each expert, one after the other. */
    public boolean isStacked() {
        return shape.rank() == 3 || shape.rank() == 2 && name.endsWith(EXPERT_BIASES);
    }

    /**
     * One of the matrices or vectors that a tensor holds one after the other, or the only one.
     *
     * @param file with the tensor
     * @param dataStart where the file's data begins
     */
    public OnDisk part(Path file, long dataStart, String called, int index) {
        Shape part = isStacked() ? new Shape(shape.dims().subList(1, shape.rank())) : shape;
        return type.tensor(file, called, dataStart + offset + index * type.bytes(part.elements()), part);
    }
}
