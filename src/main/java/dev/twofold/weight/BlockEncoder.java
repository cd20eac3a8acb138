package dev.twofold.weight;

import dev.twofold.diag.TwofoldException;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.WeightWriter.Placement;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Stores strips of rows in blocks of few bits. What lies in the same blocks in the source is copied, since rounding it once
 * more would change it.
 */
final class BlockEncoder {

    /** A multiple of every block's length. */
    private static final int TILE_COLUMNS = 4096;

    private static final int TILE_ROWS = 16;

    private final WeightEvaluator evaluator;
    private final Map<BlockFormat, BlockRounder> rounders = new EnumMap<>(BlockFormat.class);
    private final float[] values = new float[TILE_ROWS * TILE_COLUMNS];

    BlockEncoder(WeightEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /** A rectangle of a tensor, and the row and column of the strip that it goes to. */
    private record Piece(Weight leaf, Region region, Tile tile) {}

    /** Writes rows {@code row .. row + rows - 1} of a weight to the start of a little-endian buffer. */
    void encode(Placement placement, BlockFormat format, long row, int rows, ByteBuffer target) {
        int columns = Math.toIntExact(placement.weight().shape().columns());
        List<Piece> pieces = new ArrayList<>();
        Structure.resolve(
                placement.weight(),
                new Region(row, rows, 0, columns),
                Tile.rowMajor(columns),
                (leaf, region, tile) -> pieces.add(new Piece(leaf, region, tile)));
        if (pieces.stream().allMatch(piece -> isCopied(piece, format, columns))) {
            pieces.forEach(piece -> copy(piece, format, target));
            return;
        }
        BlockRounder rounder = rounders.computeIfAbsent(format, BlockFormat::rounder);
        for (int r = 0; r < rows; r += TILE_ROWS) {
            for (int c = 0; c < columns; c += TILE_COLUMNS) {
                Region region =
                        new Region(row + r, Math.min(TILE_ROWS, rows - r), c, Math.min(TILE_COLUMNS, columns - c));
                evaluator.fill(placement.weight(), region, values, Tile.rowMajor(region.columns()));
                round(placement, format, rounder, region, target, (int) format.bytes((long) r * columns + c));
            }
        }
    }

    /** Whether a piece is whole blocks on both sides. */
    private static boolean isCopied(Piece piece, BlockFormat format, int columns) {
        int width = format.elements();
        return piece.leaf() instanceof Blocked blocked
                && blocked.format() == format
                && piece.tile().columnStride() == 1
                && piece.tile().rowStride() == columns
                && piece.tile().offset() % width == 0
                && piece.region().column() % width == 0
                && piece.region().columns() % width == 0;
    }

    private void copy(Piece piece, BlockFormat format, ByteBuffer target) {
        Region region = piece.region();
        int length = (int) format.bytes(region.columns());
        byte[] raw = new byte[region.rows() * length];
        evaluator.read((Blocked) piece.leaf(), region, raw);
        for (int r = 0; r < region.rows(); r++) {
            int at = (int)
                    format.bytes(piece.tile().offset() + (long) r * piece.tile().rowStride());
            target.put(at, raw, r * length, length);
        }
    }

    /** @param at where the rectangle's first block goes */
    private void round(
            Placement placement, BlockFormat format, BlockRounder rounder, Region region, ByteBuffer target, int at) {
        int stride = (int) format.bytes(placement.weight().shape().columns());
        int blocks = region.columns() / format.elements();
        for (int r = 0; r < region.rows(); r++) {
            for (int block = 0; block < blocks; block++) {
                int from = r * region.columns() + block * format.elements();
                int to = at + r * stride + block * format.blockBytes();
                requireFinite(placement, format, region, from);
                if (!rounder.round(values, from, target, to)) {
                    throw overflow(placement, format, region, from);
                }
            }
        }
    }

    private void requireFinite(Placement placement, BlockFormat format, Region region, int from) {
        for (int i = from; i < from + format.elements(); i++) {
            if (!Float.isFinite(values[i])) {
                throw WeightEncoder.notFinite(placement, place(placement, region, i), values[i]);
            }
        }
    }

    private TwofoldException overflow(Placement placement, BlockFormat format, Region region, int from) {
        int largest = from;
        for (int i = from; i < from + format.elements(); i++) {
            largest = Math.abs(values[i]) > Math.abs(values[largest]) ? i : largest;
        }
        return TwofoldException.input("a weight is too large for blocks of " + format)
                .at(place(placement, region, largest))
                .found(values[largest] + " for " + placement.name())
                .hint("--dtype bf16 or --dtype fp32");
    }

    private static String place(Placement placement, Region region, int index) {
        return Weights.at(
                        placement.weight(),
                        region.row() + index / region.columns(),
                        region.column() + index % region.columns())
                .map(Weights.Element::describe)
                .orElse(placement.name());
    }
}
