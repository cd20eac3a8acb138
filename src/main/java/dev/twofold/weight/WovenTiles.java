package dev.twofold.weight;

import dev.twofold.weight.Weight.Woven;

/** Rectangles of woven weights: whole groups of the source are computed, and the rows that were asked for picked. */
final class WovenTiles {

    private WovenTiles() {}

    /** Where the row at a place comes from. */
    static long source(Woven woven, long place) {
        long group = (long) woven.strands() * woven.length();
        long within = place % group;
        return place - within + within % woven.strands() * woven.length() + within / woven.strands();
    }

    static void fill(WeightEvaluator evaluator, Woven woven, Region region, float[] data, Tile tile) {
        boolean byRows = Weights.byRows(woven.shape().rank(), 0);
        long group = (long) woven.strands() * woven.length();
        long begin = byRows ? region.row() : region.column();
        int count = byRows ? region.rows() : region.columns();
        int other = byRows ? region.columns() : region.rows();
        // A tile at a time, so that a long run of large groups needs no more memory than the longest group.
        for (int done = 0; done < count; ) {
            long place = begin + done;
            long from = place / group * group;
            int part = (int) Math.min(count - done, from + group - place);
            float[] whole = new float[Math.toIntExact(group * other)];
            Region source = byRows
                    ? new Region(from, (int) group, region.column(), other)
                    : new Region(region.row(), other, from, (int) group);
            // Row-major with the group's rows as rows, whichever way it lies.
            Tile dense = byRows ? Tile.rowMajor(other) : new Tile(0, 1, other);
            evaluator.fill(woven.source(), source, whole, dense);
            for (int i = 0; i < part; i++) {
                int row = (int) (source(woven, place + i) - from) * other;
                for (int j = 0; j < other; j++) {
                    int r = byRows ? done + i : j;
                    int c = byRows ? j : done + i;
                    data[tile.offset() + r * tile.rowStride() + c * tile.columnStride()] = whole[row + j];
                }
            }
            done += part;
        }
    }
}
