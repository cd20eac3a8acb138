package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A plain model with its weights. */
record PlainModel(OrtEnvironment environment, OrtSession session, Map<String, OnnxTensor> feeds)
        implements AutoCloseable {

    /** The output for one window of a stream, {@code [tokens, hidden]}. */
    float[] run(float[] x, int hidden) {
        long[] shape = {1, x.length / hidden, hidden};
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), shape)) {
            return run(Map.of("x", input)).get(0);
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    /**
     * The outputs of a comparison of two streams, {@code [tokens, hidden]}.
     *
     * @param next the row that followed each token
     */
    List<float[]> compare(float[] base, float[] x, int hidden, long[] next) {
        long[] shape = {next.length, hidden};
        long[] column = {next.length, 1};
        try (OnnxTensor first = OnnxTensor.createTensor(environment, FloatBuffer.wrap(base), shape);
                OnnxTensor second = OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), shape);
                OnnxTensor rows = OnnxTensor.createTensor(environment, LongBuffer.wrap(next), column)) {
            return run(Map.of("base", first, "x", second, "next", rows));
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    /** {@code left^T right} of matrices with as many rows. */
    float[] product(float[] left, int leftWidth, float[] right, int rightWidth) {
        int rows = left.length / leftWidth;
        long[] leftShape = {rows, leftWidth};
        long[] rightShape = {rows, rightWidth};
        try (OnnxTensor x = OnnxTensor.createTensor(environment, FloatBuffer.wrap(left), leftShape);
                OnnxTensor base = OnnxTensor.createTensor(environment, FloatBuffer.wrap(right), rightShape);
                OrtSession.Result result = session.run(Map.of("x", x, "base", base))) {
            return values((OnnxTensor) result.get(0));
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    /**
     * Rows of {@code left right}, in float64.
     *
     * @param left {@code [rows, inner]}
     * @param right {@code [inner, columns]}
     * @param target receives them from {@code at} on
     */
    void multiply(DoubleBuffer left, int inner, double[] right, int columns, double[] target, int at) {
        long[] leftShape = {left.remaining() / inner, inner};
        long[] rightShape = {inner, columns};
        try (OnnxTensor x = OnnxTensor.createTensor(environment, left, leftShape);
                OnnxTensor base = OnnxTensor.createTensor(environment, DoubleBuffer.wrap(right), rightShape);
                OrtSession.Result result = session.run(Map.of("x", x, "base", base))) {
            DoubleBuffer values = ((OnnxTensor) result.get(0)).getDoubleBuffer();
            values.get(target, at, values.remaining());
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    private List<float[]> run(Map<String, OnnxTensor> inputs) throws OrtException {
        Map<String, OnnxTensor> all = new LinkedHashMap<>(feeds);
        all.putAll(inputs);
        try (OrtSession.Result result = session.run(all)) {
            return session.getOutputNames().stream()
                    .map(name -> (OnnxTensor) result.get(name).orElseThrow())
                    .map(PlainModel::values)
                    .toList();
        }
    }

    private static float[] values(OnnxTensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.getInfo().getNumElements())];
        tensor.getFloatBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        feeds.values().forEach(OnnxTensor::close);
    }
}
