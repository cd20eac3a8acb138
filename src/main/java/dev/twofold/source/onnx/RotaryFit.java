package dev.twofold.source.onnx;

import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LinearScaling;
import dev.twofold.decoder.Rotary.Llama3Scaling;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.decoder.Rotary.Scaling;
import dev.twofold.decoder.Rotary.Unscaled;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The base and the scaling that tables of rotary positions are made of. The frequency of a pair is measured from rows ever further
 * apart; the base is the number of fewest digits that all frequencies follow from, once one of the known ways of scaling is
 * applied. What is no such way is kept as a factor for each pair, so that nothing but the tables' own numbers is ever said.
 */
final class RotaryFit {

    private static final int MOST_DIGITS = 8;
    private static final double NEAR = 1e-4;

    /** Nobody's first texts are longer. */
    private static final int LONGEST = 1 << 20;

    private final RotaryRows rows;
    private final int width;
    private final boolean interleaved;
    private final int positions;
    private final double magnitude;
    private final double[] frequencies;

    private RotaryFit(RotaryRows rows, int width, boolean interleaved, int positions) {
        this.rows = rows;
        this.width = width;
        this.interleaved = interleaved;
        this.positions = positions;
        this.magnitude =
                rows.isRounded() && rows.cosine(0, 0) != 1 ? rows.meanSize() : Decimals.of((float) rows.cosine(0, 0));
        this.frequencies =
                IntStream.range(0, width / 2).mapToDouble(this::measured).toArray();
    }

    /** Nothing if the tables are no cosines and sines of multiples of frequencies. */
    static Optional<Rotary> of(RotaryRows rows, int width, boolean interleaved, int positions) {
        if (positions < 2 || !(rows.cosine(0, 0) > 0)) {
            return Optional.empty();
        }
        return new RotaryFit(rows, width, interleaved, positions).find();
    }

    private Optional<Rotary> find() {
        for (double theta : bases()) {
            for (Scaling scaling : scalings(theta)) {
                Rotary rotary = new Rotary(theta, width, interleaved, scaling, positions);
                if (rows.fit(rotary)) {
                    return Optional.of(rotary);
                }
            }
        }
        return Optional.empty();
    }

    /** By the angle between positions that are twice as far apart each time, which is known up to whole turns by then. */
    private double measured(int pair) {
        double frequency = angle(1, pair);
        for (int position = 2; position < positions; position *= 2) {
            double predicted = frequency * position;
            double off = Math.IEEEremainder(angle(position, pair) - predicted, 2 * Math.PI);
            frequency = (predicted + off) / position;
        }
        return rows.isRounded() ? fitted(frequency, pair) : frequency;
    }

    /** The nearest to all rows, for a single one is too coarse in 16 bits. */
    private double fitted(double near, int pair) {
        double products = 0;
        double squares = 0;
        for (int position : rows.cosines().keySet()) {
            double off = Math.IEEEremainder(angle(position, pair) - near * position, 2 * Math.PI);
            products += off * position;
            squares += (double) position * position;
        }
        return near + products / squares;
    }

    private double angle(int position, int pair) {
        return Math.atan2(rows.sine(position, pair), rows.cosine(position, pair));
    }

    /** From the pairs that turn slowest and fastest, which scaling changes and leaves alone; rounded to more and more digits. */
    private List<Double> bases() {
        List<Double> measured = new ArrayList<>();
        for (int pair : new int[] {width / 2 - 1, 1, width / 8}) {
            if (pair > 0 && pair < frequencies.length && frequencies[pair] > 0) {
                measured.add(Math.pow(frequencies[pair] / first(), -(double) width / (2 * pair)));
                measured.add(Math.pow(frequencies[pair], -(double) width / (2 * pair)));
            }
        }
        if (measured.isEmpty()) {
            // A single pair turns at the same speed, whatever the base is.
            measured.add(10000.0);
        }
        List<Double> bases = new ArrayList<>();
        for (int digits = 1; digits <= MOST_DIGITS; digits++) {
            for (double theta : measured) {
                if (Double.isFinite(theta) && theta > 0) {
                    bases.add(
                            new BigDecimal(theta).round(new MathContext(digits)).doubleValue());
                }
            }
        }
        return bases.stream().distinct().toList();
    }

    private double first() {
        return frequencies[0];
    }

    private List<Scaling> scalings(double theta) {
        List<Scaling> scalings = new ArrayList<>();
        double[] factors = new double[frequencies.length];
        for (int pair = 0; pair < factors.length; pair++) {
            factors[pair] = Math.pow(theta, -2.0 * pair / width) / frequencies[pair];
        }
        if (magnitude == 1) {
            scalings.add(new Unscaled());
        }
        if (!IntStream.range(0, factors.length).allMatch(pair -> factors[pair] > 0 && Double.isFinite(factors[pair]))) {
            return scalings;
        }
        if (magnitude == 1) {
            scalings.add(new LinearScaling(rounded(factors[0])));
            scalings.addAll(llama3(theta, factors));
        }
        boolean lasts = theta == last(bases());
        for (int digits = 3; lasts && digits <= MOST_DIGITS; digits++) {
            int kept = digits;
            scalings.add(new LongRopeScaling(
                    IntStream.range(0, factors.length)
                            .mapToObj(pair -> rounded(factors[pair], kept))
                            .toList(),
                    magnitude,
                    positions));
        }
        return scalings;
    }

    private static double last(List<Double> values) {
        return values.get(values.size() - 1);
    }

    /** The nearest number of few digits. */
    private static double rounded(double value) {
        return rounded(value, 6);
    }

    private static double rounded(double value, int digits) {
        return new BigDecimal(value).round(new MathContext(digits)).doubleValue();
    }

    /**
     * Fast pairs are kept, slow ones divided by a factor, and those between, if there are any, blended along a straight line. The line says two of
     * three numbers: the third, the length of the first texts, is a power of two in published models, and the others are whole.
     */
    private List<Scaling> llama3(double theta, double[] factors) {
        double factor = rounded(factors[factors.length - 1]);
        List<Integer> blended = IntStream.range(0, factors.length)
                .filter(pair -> factors[pair] > 1 + NEAR && factors[pair] < factor * (1 - NEAR))
                .boxed()
                .toList();
        boolean stretched = factor > 1 + NEAR && Math.abs(factors[0] - 1) <= NEAR;
        if (stretched && blended.isEmpty()) {
            return IntStream.iterate(1, original -> original <= LONGEST, original -> 2 * original)
                    .<Scaling>mapToObj(original -> new Llama3Scaling(factor, 1, 1, original))
                    .toList();
        } else if (!stretched || blended.size() < 2) {
            return List.of();
        }
        int one = blended.get(0);
        int other = blended.get(blended.size() - 1);
        double slope =
                (kept(factors[one], factor) - kept(factors[other], factor)) / (plain(theta, one) - plain(theta, other));
        double offset = kept(factors[one], factor) - slope * plain(theta, one);
        List<Scaling> scalings = new ArrayList<>();
        for (int original = 1; original <= LONGEST; original *= 2) {
            double span = original / (2 * Math.PI * slope);
            double low = rounded(-offset * span, 3);
            double high = rounded(-offset * span + span, 3);
            if (low > 0 && high > low && low == Math.rint(low) && high == Math.rint(high)) {
                scalings.add(new Llama3Scaling(factor, low, high, original));
            }
        }
        return scalings;
    }

    private double plain(double theta, int pair) {
        return Math.pow(theta, -2.0 * pair / width);
    }

    /** How much of a frequency is kept, if the rest is divided. */
    private static double kept(double divided, double factor) {
        return (1 / divided - 1 / factor) / (1 - 1 / factor);
    }
}
