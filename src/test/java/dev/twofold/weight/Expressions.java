package dev.twofold.weight;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.Weight.ColumnSizes;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.OnDisk;
import dev.twofold.weight.Weight.Product;
import dev.twofold.weight.Weight.Reciprocal;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.Weight.Woven;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random expressions over one file of tensors at any offset, and what they denote by the plainest of means. */
final class Expressions {

    /** Numbers that follow from their position alone. */
    record Waves(int seed) implements Weight.Rows {
        @Override
        public String name() {
            return "waves " + seed;
        }

        @Override
        public void fill(long row, float[] values) {
            for (int i = 0; i < values.length; i++) {
                values[i] = at(row, i);
            }
        }

        float at(long row, int column) {
            return (float) Math.sin(seed + 3 * row + 5 * column);
        }
    }

    private final Path file;
    private final Random random;
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Map<String, float[]> contents = new HashMap<>();

    Expressions(Path file, long seed) {
        this.file = file;
        this.random = new Random(seed);
    }

    /** Writes the tensors made so far. */
    void save() throws IOException {
        Files.write(file, data.toByteArray());
    }

    /** A tensor of random numbers. */
    Stored stored(DType dtype, long... shape) {
        float[] values = new float[Math.toIntExact(Shape.of(shape).elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return stored(dtype, values, shape);
    }

    /** A tensor of these numbers, at an odd or even offset. */
    Stored stored(DType dtype, float[] values, long... shape) {
        data.writeBytes(new byte[random.nextInt(4)]);
        String name = "tensor" + contents.size();
        Stored stored = new Stored(file, name, data.size(), dtype, Shape.of(shape));
        byte[] bytes = SafetensorsBuilder.encode(dtype, values);
        data.writeBytes(bytes);
        contents.put(name, SafetensorsBuilder.decode(dtype, bytes));
        return stored;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    Weight vector(int length, int depth) {
        return switch (depth == 0 ? 0 : random.nextInt(11)) {
            case 9 -> woven(vector(length, depth - 1));
            case 1 -> new Stacked(0, List.of(vector(length / 2, depth - 1), vector(length - length / 2, depth - 1)));
            case 2 -> {
                int begin = random.nextInt(5);
                yield new Sliced(vector(length + begin + 3, depth - 1), 0, begin, begin + length);
            }
            case 3 -> new Scaled(vector(length, depth - 1), 0, vector(length, depth - 1));
            case 4 -> new Combined(List.of(vector(length, depth - 1), vector(length, depth - 1)), List.of(0.5f, -1.5f));
            case 5 -> new Filled(Shape.of(length), random.nextInt(9) - 4);
            case 6 -> new Computed(Shape.of(length), new Waves(random.nextInt(100)));
            case 7 ->
                new ColumnSizes(List.of(matrix(1 + random.nextInt(9), length, depth - 1), vector(length, depth - 1)));
            case 8 -> new Reciprocal(new ColumnSizes(List.of(matrix(2, length, depth - 1))));
            default -> stored(dtype(), length);
        };
    }

    Weight matrix(int rows, int columns, int depth) {
        return switch (depth == 0 ? 0 : random.nextInt(13)) {
            case 11 -> woven(matrix(rows, columns, depth - 1));
            case 12 -> {
                int begin = random.nextInt(70);
                yield new Sliced(blocked(rows, begin + columns + 33), 1, begin, begin + columns);
            }
            case 1 ->
                new Stacked(
                        0, List.of(matrix(rows / 2, columns, depth - 1), matrix(rows - rows / 2, columns, depth - 1)));
            case 2 -> {
                List<Weight> parts = new ArrayList<>();
                int third = columns / 3;
                for (int width : new int[] {third, columns - 2 * third, third}) {
                    parts.add(matrix(rows, width, depth - 1));
                }
                yield new Stacked(1, parts);
            }
            case 3 -> {
                int begin = random.nextInt(5);
                yield new Sliced(matrix(rows + begin + 3, columns, depth - 1), 0, begin, begin + rows);
            }
            case 4 -> {
                int begin = random.nextInt(5);
                yield new Sliced(matrix(rows, columns + begin + 3, depth - 1), 1, begin, begin + columns);
            }
            case 5 -> new Transposed(matrix(columns, rows, depth - 1));
            case 6 -> {
                int axis = random.nextInt(2);
                yield new Scaled(matrix(rows, columns, depth - 1), axis, vector(axis == 0 ? rows : columns, depth - 1));
            }
            case 7 ->
                new Combined(
                        List.of(
                                matrix(rows, columns, depth - 1),
                                matrix(rows, columns, depth - 1),
                                matrix(rows, columns, depth - 1)),
                        List.of(1f, 0.25f, -2f));
            case 8 ->
                random.nextBoolean()
                        ? new Filled(Shape.of(rows, columns), 0.1f)
                        : new Computed(Shape.of(rows, columns), new Waves(random.nextInt(100)));
            case 9 -> new Product(matrix(rows, 3, depth - 1), matrix(3, columns, depth - 1));
            default -> stored(dtype(), rows, columns);
        };
    }

    private Weight woven(Weight source) {
        int rows = Math.toIntExact(source.shape().dim(0));
        int strands = divisor(rows);
        return new Woven(source, strands, divisor(rows / strands));
    }

    private int divisor(int number) {
        int divisor = 1 + random.nextInt(Math.max(1, number));
        while (number % divisor != 0) {
            divisor--;
        }
        return divisor;
    }

    /** A tensor in blocks of random bits, as wide as whole blocks allow. */
    private Blocked blocked(int rows, int columns) {
        BlockFormat format = random.nextBoolean() ? BlockFormat.Q8_0 : BlockFormat.Q4_1;
        int blocks = columns / format.elements();
        String name = "tensor" + contents.size();
        Shape shape = Shape.of(rows, (long) blocks * format.elements());
        Blocked tensor = new Blocked(file, name, data.size(), format, shape);
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        float[] values = new float[Math.toIntExact(shape.elements())];
        random.nextBytes(bytes);
        for (int block = 0; block < rows * blocks; block++) {
            int at = block * format.blockBytes();
            // The scale, and in one of the formats the least number: of a magnitude around one.
            bytes[at + 1] = 0x3c;
            bytes[at + 3] = 0x3c;
            format.decode(bytes, at, values, block * format.elements());
        }
        data.writeBytes(bytes);
        contents.put(name, values);
        return tensor;
    }

    private DType dtype() {
        return List.of(DType.BF16, DType.F16, DType.F32).get(random.nextInt(3));
    }

    /** Every element of an expression, row-major. */
    float[] evaluate(Weight weight) {
        int columns = Math.toIntExact(weight.shape().columns());
        float[] values = new float[Math.toIntExact(weight.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = element(weight, i / columns, i % columns);
        }
        return values;
    }

    /** One element, by the definition of each expression; a vector is row 0. */
    private float element(Weight weight, int row, int column) {
        boolean matrix = weight.shape().rank() == 2;
        if (weight instanceof OnDisk tensor) {
            return contents.get(tensor.name())[
                    Math.toIntExact(row * tensor.shape().columns()) + column];
        } else if (weight instanceof Woven woven) {
            int place = matrix ? row : column;
            int group = woven.strands() * woven.length();
            int strand = place % group % woven.strands();
            int from = place / group * group + strand * woven.length() + place % group / woven.strands();
            return element(woven.source(), matrix ? from : row, matrix ? column : from);
        } else if (weight instanceof Stacked stacked) {
            boolean down = matrix && stacked.axis() == 0;
            int position = down ? row : column;
            for (Weight part : stacked.parts()) {
                int extent = Math.toIntExact(part.shape().dim(stacked.axis()));
                if (position < extent) {
                    return element(part, down ? position : row, down ? column : position);
                }
                position -= extent;
            }
            throw new AssertionError("outside " + weight);
        } else if (weight instanceof Sliced sliced) {
            int begin = Math.toIntExact(sliced.begin());
            boolean down = matrix && sliced.axis() == 0;
            return element(sliced.source(), down ? row + begin : row, down ? column : column + begin);
        } else if (weight instanceof Transposed transposed) {
            return element(transposed.source(), column, row);
        } else if (weight instanceof Scaled scaled) {
            boolean down = matrix && scaled.axis() == 0;
            return element(scaled.source(), row, column) * element(scaled.vector(), 0, down ? row : column);
        } else if (weight instanceof Combined combined) {
            float sum = 0;
            for (int i = 0; i < combined.parts().size(); i++) {
                sum += combined.coefficients().get(i) * element(combined.parts().get(i), row, column);
            }
            return sum;
        } else if (weight instanceof ColumnSizes sizes) {
            return columnSize(sizes, column);
        } else if (weight instanceof Reciprocal reciprocal) {
            return 1 / element(reciprocal.vector(), row, column);
        } else if (weight instanceof Product product) {
            double sum = 0;
            for (int k = 0; k < product.left().shape().columns(); k++) {
                sum += (double) element(product.left(), row, k) * element(product.right(), k, column);
            }
            return (float) sum;
        } else if (weight instanceof Filled filled) {
            return filled.value();
        }
        return ((Waves) ((Computed) weight).rows()).at(row, column);
    }

    private float columnSize(ColumnSizes sizes, int column) {
        double squares = 0;
        int rows = 0;
        for (Weight matrix : sizes.matrices()) {
            for (int row = 0; row < matrix.shape().rows(); row++) {
                float value = element(matrix, row, column);
                squares += (double) value * value;
                rows++;
            }
        }
        float size = (float) Math.sqrt(squares / rows);
        return size == 0 ? 1 : size;
    }
}
