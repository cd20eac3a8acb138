package dev.twofold.weight;

import dev.twofold.disk.MappedFiles;
import dev.twofold.weight.Weight.Blocked;

/** Rectangles of tensors in blocks: the blocks that a rectangle touches are read and decoded row by row. */
final class BlockedTiles {

    private BlockedTiles() {}

    static void decode(MappedFiles files, Blocked tensor, Region region, float[] data, Tile tile) {
        BlockFormat format = tensor.format();
        int width = format.elements();
        long first = region.column() / width;
        int blocks = Math.toIntExact((region.column() + region.columns() + width - 1) / width - first);
        int rowBytes = blocks * format.blockBytes();
        byte[] raw = new byte[Math.multiplyExact(region.rows(), rowBytes)];
        long stride = format.bytes(tensor.shape().columns());
        long start = tensor.offset() + region.row() * stride + first * format.blockBytes();
        files.read(tensor.file(), start, stride, region.rows(), raw, rowBytes);
        float[] row = new float[blocks * width];
        int skipped = Math.toIntExact(region.column() - first * width);
        for (int r = 0; r < region.rows(); r++) {
            for (int block = 0; block < blocks; block++) {
                format.decode(raw, r * rowBytes + block * format.blockBytes(), row, block * width);
            }
            int at = tile.offset() + r * tile.rowStride();
            for (int c = 0; c < region.columns(); c++) {
                data[at + c * tile.columnStride()] = row[skipped + c];
            }
        }
    }
}
