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

    long end() {
        return offset + bytes;
    }

    /**
     * One of the matrices that a tensor holds one after the other, or the only one.
     *
     * @param file with the tensor
     * @param dataStart where the file's data begins
     */
    public OnDisk matrix(Path file, long dataStart, String called, int index) {
        Shape matrix = shape.rank() == 3 ? Shape.of(shape.dim(1), shape.dim(2)) : shape;
        return type.tensor(file, called, dataStart + offset + index * type.bytes(matrix.elements()), matrix);
    }
}
