package dev.twofold.source.onnx;

/** Numbers of graphs are float32; those that were meant are the decimal numbers nearest to them. */
final class Decimals {

    private Decimals() {}

    /** The shortest decimal number that rounds to this one: 1e-5 for what is 9.999999747378752e-6. */
    static double of(float value) {
        return Double.parseDouble(Float.toString(value));
    }
}
