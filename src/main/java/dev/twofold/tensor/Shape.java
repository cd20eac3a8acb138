package dev.twofold.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first. Prints as {@code [704, 256]}. */
public record Shape(List<Long> dims) {

    public Shape {
        dims = List.copyOf(dims);
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("negative extent in " + dims);
            }
        }
    }

    public static Shape of(long... dims) {
        return new Shape(Arrays.stream(dims).boxed().toList());
    }

    public int rank() {
        return dims.size();
    }

    public long dim(int axis) {
        return dims.get(axis);
    }

    /** Number of elements; 1 for a scalar. */
    public long elements() {
        long product = 1;
        for (long dim : dims) {
            product = Math.multiplyExact(product, dim);
        }
        return product;
    }

    /** This shape with one extent replaced. */
    public Shape with(int axis, long extent) {
        long[] changed = dims.stream().mapToLong(Long::longValue).toArray();
        changed[axis] = extent;
        return of(changed);
    }

    /** Rows of this shape seen as a matrix: a vector is one row. */
    public long rows() {
        return rank() == 2 ? dim(0) : 1;
    }

    /** Columns of this shape seen as a matrix: a vector of n elements has n. */
    public long columns() {
        return rank() == 0 ? 1 : dim(rank() - 1);
    }

    @Override
    public String toString() {
        return dims.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
