package dev.twofold.weight;

/** A rectangle of a weight seen as a matrix. */
record Region(long row, int rows, long column, int columns) {

    Region transposed() {
        return new Region(column, columns, row, rows);
    }

    Region shifted(boolean byRows, long distance) {
        return byRows
                ? new Region(row + distance, rows, column, columns)
                : new Region(row, rows, column + distance, columns);
    }

    /** The part of this rectangle between two positions along an axis, counted from {@code begin}. */
    Region within(boolean byRows, long begin, long end) {
        long from = Math.max(begin, byRows ? row : column);
        long to = Math.min(end, byRows ? row + rows : column + columns);
        int extent = (int) Math.max(0, to - from);
        return byRows ? new Region(from - begin, extent, column, columns) : new Region(row, rows, from - begin, extent);
    }

    boolean isEmpty() {
        return rows == 0 || columns == 0;
    }
}
