package dev.twofold.families;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** What the definitions of all families are written in. Activations are {@code [tokens][width]}, in float64. */
final class Formulas {

    private Formulas() {}

    /** {@code y = W x + b}, W {@code [out][in]}; no bias if {@code b} is empty. */
    static double[][] linear(double[][] x, double[][] weight, double[] bias) {
        double[][] y = new double[x.length][weight.length];
        for (int t = 0; t < x.length; t++) {
            for (int out = 0; out < weight.length; out++) {
                y[t][out] = dot(weight[out], x[t]) + (bias.length == 0 ? 0 : bias[out]);
            }
        }
        return y;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double[][] add(double[][] a, double[][] b) {
        return zip(a, b, 1);
    }

    private static double[][] zip(double[][] a, double[][] b, double factor) {
        double[][] sum = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int i = 0; i < sum[t].length; i++) {
                sum[t][i] = a[t][i] + factor * b[t][i];
            }
        }
        return sum;
    }

    /** Element by element. */
    static double[][] times(double[][] a, double[][] b) {
        double[][] product = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int i = 0; i < product[t].length; i++) {
                product[t][i] = a[t][i] * b[t][i];
            }
        }
        return product;
    }

    static double[][] map(double[][] x, DoubleUnaryOperator function) {
        return Arrays.stream(x)
                .map(row -> Arrays.stream(row).map(function).toArray())
                .toArray(double[][]::new);
    }

    static double[][] scale(double[][] x, double factor) {
        return map(x, value -> factor * value);
    }

    /** {@code x / sqrt(mean(x^2) + epsilon) * gain}. */
    static double[] rmsNorm(double[] x, double[] gain, double epsilon) {
        double root = Math.sqrt(dot(x, x) / x.length + epsilon);
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] / root * gain[i];
        }
        return y;
    }

    /** {@code (x - mean) / sqrt(variance + epsilon) * gain + bias}; no bias if it is empty. */
    static double[] layerNorm(double[] x, double[] gain, double[] bias, double epsilon) {
        double mean = Arrays.stream(x).average().orElseThrow();
        double[] y = Arrays.stream(x).map(value -> value - mean).toArray();
        double root = Math.sqrt(dot(y, y) / x.length + epsilon);
        for (int i = 0; i < x.length; i++) {
            y[i] = y[i] / root * gain[i] + (bias.length == 0 ? 0 : bias[i]);
        }
        return y;
    }

    static double[] softmax(double[] x) {
        double largest = Arrays.stream(x).max().orElseThrow();
        double[] powers =
                Arrays.stream(x).map(value -> Math.exp(value - largest)).toArray();
        double sum = Arrays.stream(powers).sum();
        return Arrays.stream(powers).map(power -> power / sum).toArray();
    }

    static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    /** The approximation of GELU by tanh, which configs call gelu_new and gelu_pytorch_tanh. */
    static double geluTanh(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    /** {@code x * Phi(x)}, Phi the distribution function of the standard normal. */
    static double gelu(double x) {
        return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    }

    /** Its series, {@code 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!}, which has no cancellation. */
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }
}
