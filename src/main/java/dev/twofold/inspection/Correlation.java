package dev.twofold.inspection;

import java.util.Arrays;
import java.util.List;

/**
 * How two quantities go together over some pairs of values, -1 to 1.
 *
 * @param count pairs of values
 * @param pearson linear correlation; 0 where one of the two does not vary
 * @param spearman correlation of ranks, ties sharing their mean rank
 */
public record Correlation(int count, double pearson, double spearman) {

    /** Two values that belong together. */
    public record Point(double x, double y) {}

    public static Correlation of(List<Point> points) {
        double[] x = points.stream().mapToDouble(Point::x).toArray();
        double[] y = points.stream().mapToDouble(Point::y).toArray();
        return new Correlation(points.size(), pearson(x, y), pearson(ranks(x), ranks(y)));
    }

    private static double pearson(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElse(0);
        double meanY = Arrays.stream(y).average().orElse(0);
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xx == 0 || yy == 0 ? 0 : xy / Math.sqrt(xx * yy);
    }

    private static double[] ranks(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            int below = 0;
            int equal = 0;
            for (double other : values) {
                below += other < values[i] ? 1 : 0;
                equal += other == values[i] ? 1 : 0;
            }
            ranks[i] = below + (equal + 1) / 2.0;
        }
        return ranks;
    }
}
