package dev.twofold.source.onnx;

import dev.twofold.decoder.Temperature;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.WeightEvaluator;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The weight and the step that a table of temperatures is made of: the step is where the first row differs from 1, the weight the
 * number of fewest digits that every row follows from, exactly as it is rounded to the type of the table.
 */
record TemperatureFit(WeightEvaluator numbers) {

    private static final int MOST_ROWS = 1 << 24;
    private static final int MOST_DIGITS = 9;

    /** The arithmetic of others may end in another last bit of float32. */
    private static final double LAST_BITS = 3e-7;

    /** @param table {@code [positions, 1]} */
    Optional<Temperature> of(Weight table) {
        long rows = table.shape().dim(0);
        if (rows > MOST_ROWS || table.shape().columns() != 1) {
            return Optional.empty();
        }
        float[] values = numbers.read(table);
        DType type = table instanceof Stored stored ? stored.dtype() : DType.F32;
        int changed = IntStream.range(0, values.length)
                .filter(row -> values[row] != 1)
                .findFirst()
                .orElse(0);
        if (changed == 0) {
            return Optional.empty();
        }
        // The first position counts as 0, or as 1.
        return IntStream.rangeClosed(0, 1)
                .boxed()
                .flatMap(offset -> fit(values, type, changed + offset, offset).stream())
                .findFirst();
    }

    private static Optional<Temperature> fit(float[] values, DType type, int every, int offset) {
        int last = values.length - 1;
        double steps = new Temperature(1, every, offset, values.length).at(last) - 1;
        double weight = (values[last] - 1) / steps;
        if (!(weight > 0) || Double.isInfinite(weight)) {
            return Optional.empty();
        }
        return IntStream.rangeClosed(1, MOST_DIGITS)
                .mapToObj(digits -> new Temperature(
                        new BigDecimal(weight).round(new MathContext(digits)).doubleValue(),
                        every,
                        offset,
                        values.length))
                .filter(candidate -> makes(candidate, values, type))
                .findFirst();
    }

    private static boolean makes(Temperature candidate, float[] values, DType type) {
        return IntStream.range(0, values.length).allMatch(row -> isNear(candidate.at(row), values[row], type));
    }

    private static boolean isNear(double exact, float found, DType type) {
        float rounded = (float) exact;
        return switch (type) {
            case F16 -> Float16.toFloat(Float16.fromFloat(rounded)) == found;
            case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(rounded)) == found;
            default -> Math.abs(exact - found) <= LAST_BITS * exact;
        };
    }
}
