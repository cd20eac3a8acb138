package dev.twofold.weight;

/** Where a rectangle of numbers goes: element (r, c) to {@code data[offset + r * rowStride + c * columnStride]}. */
record Tile(float[] data, int offset, int rowStride, int columnStride) {

    static Tile rowMajor(float[] data, int rowStride) {
        return new Tile(data, 0, rowStride, 1);
    }

    Tile transposed() {
        return new Tile(data, offset, columnStride, rowStride);
    }

    /** The same tile, seen from an element further along. */
    Tile from(long rows, long columns) {
        return new Tile(
                data, Math.toIntExact(offset + rows * rowStride + columns * columnStride), rowStride, columnStride);
    }
}
