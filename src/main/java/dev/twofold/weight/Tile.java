package dev.twofold.weight;

/** Where a rectangle goes: element (r, c) to position {@code offset + r * rowStride + c * columnStride}. */
record Tile(int offset, int rowStride, int columnStride) {

    static Tile rowMajor(int rowStride) {
        return new Tile(0, rowStride, 1);
    }

    Tile transposed() {
        return new Tile(offset, columnStride, rowStride);
    }

    /** The same tile, seen from an element further along. */
    Tile from(long rows, long columns) {
        return new Tile(Math.toIntExact(offset + rows * rowStride + columns * columnStride), rowStride, columnStride);
    }
}
