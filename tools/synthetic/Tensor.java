/** A weight by its name in the checkpoint. A norm has one dimension, a projection is [out, in]. */
record Tensor(String name, int... shape) {
    long elements() {
        long count = 1;
        for (int dimension : shape) {
            count *= dimension;
        }
        return count;
    }

    boolean isNorm() {
        return shape.length == 1;
    }
}
