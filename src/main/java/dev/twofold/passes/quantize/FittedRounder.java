package dev.twofold.passes.quantize;

import dev.twofold.execution.DecoderEngine;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.BlocksOnDisk;
import dev.twofold.weight.Grid;
import dev.twofold.weight.SpilledWeights;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.stream.IntStream;

/** Rounds matrices to what a text multiplies them with, few rows at a time, on all cores. */
final class FittedRounder implements Rounder {

    /** Elements that are held at a time. */
    private static final int STRIP = 1 << 22;

    /** Rows that a thread rounds at once, so that each factor that is fetched serves as many. */
    private static final int TOGETHER = 16;

    private final DecoderEngine engine;
    private final SpilledWeights spill;
    private final double[] importance;
    private final Optional<ErrorFeedback> feedback;

    /** @param products of what the matrices read */
    FittedRounder(DecoderEngine engine, SpilledWeights spill, Rounding rounding, InputProducts products) {
        this.engine = engine;
        this.spill = spill;
        this.importance = products.importance();
        this.feedback = rounding == Rounding.GPTQ ? Optional.of(new ErrorFeedback(products)) : Optional.empty();
    }

    /** What is in such blocks already stays as it is: nothing is nearer to it. */
    @Override
    public Weight round(Weight matrix, IntegerBlocks blocks, String name) {
        return BlocksOnDisk.kept(matrix, blocks).orElseGet(() -> fitted(matrix, blocks, name));
    }

    private Rounded fitted(Weight matrix, IntegerBlocks blocks, String name) {
        int rows = Math.toIntExact(matrix.shape().dim(0));
        int columns = Math.toIntExact(matrix.shape().dim(1));
        int count = Math.toIntExact(blocks.blocks(columns));
        Shape grid = Shape.of(rows, count);
        int height = Math.max(1, Math.min(rows, STRIP / columns));
        ScaleSearch search = new ScaleSearch(blocks, importance);
        try (SpilledWeights.Growing values = spill.begin(name, matrix.shape());
                SpilledWeights.Growing scales = spill.begin(name + " scales", grid);
                SpilledWeights.Growing zeros = spill.begin(name + " zeros", grid)) {
            for (int from = 0; from < rows; from += height) {
                int to = Math.min(rows, from + height);
                Strip strip = new Strip(search, blocks, engine.read(Weights.slice(matrix, 0, from, to)), columns);
                strip.round();
                values.add(strip.values, strip.values.length);
                scales.add(strip.scales, strip.scales.length);
                zeros.add(strip.zeros, strip.zeros.length);
            }
            return new Rounded(values.whole(), blocks, new Grid.Given(scales.whole(), zeros.whole()));
        }
    }

    /** Some rows, and the grids of their blocks. */
    private final class Strip {
        private final ScaleSearch search;
        private final IntegerBlocks blocks;
        private final float[] values;
        private final int columns;
        private final int count;
        private final float[] scales;
        private final float[] zeros;

        Strip(ScaleSearch search, IntegerBlocks blocks, float[] values, int columns) {
            this.search = search;
            this.blocks = blocks;
            this.values = values;
            this.columns = columns;
            this.count = Math.toIntExact(blocks.blocks(columns));
            this.scales = new float[values.length / columns * count];
            this.zeros = new float[scales.length];
        }

        void round() {
            int rows = values.length / columns;
            IntStream.range(0, (rows + TOGETHER - 1) / TOGETHER)
                    .parallel()
                    .forEach(group -> round(group * TOGETHER, Math.min(TOGETHER, rows - group * TOGETHER)));
        }

        private void round(int first, int together) {
            for (int row = first; row < first + together; row++) {
                for (int block = 0; block < count; block++) {
                    int column = block * blocks.size();
                    ScaleSearch.Found found = search.best(
                            values, row * columns + column, column, Math.min(blocks.size(), columns - column));
                    scales[row * count + block] = found.scale();
                    zeros[row * count + block] = found.zero();
                }
            }
            feedback.ifPresentOrElse(
                    fed -> fed.round(values, first, together, this::nearest), () -> nearest(first, together));
        }

        private void nearest(int first, int together) {
            for (int row = first; row < first + together; row++) {
                for (int column = 0; column < columns; column++) {
                    values[row * columns + column] = nearest(row, column, values[row * columns + column]);
                }
            }
        }

        private float nearest(int row, int column, float value) {
            int block = row * count + column / blocks.size();
            float scale = scales[block];
            int zero = (int) zeros[block];
            return (search.code(value, scale == 0 ? 0 : 1 / scale, zero) - zero) * scale;
        }
    }
}
