package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.twofold.execution.HiddenStates;
import java.nio.Buffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A plain model with its weights. */
record PlainModel(OrtEnvironment environment, OrtSession session, Map<String, OnnxTensor> feeds)
        implements AutoCloseable {

    /** The output for one window of a stream, {@code [tokens, hidden]}. */
    float[] run(float[] x, int hidden) {
        return outputs(x, hidden).get(0);
    }

    /**
     * The outputs for windows of one length, which run at once, each {@code [tokens, hidden]}.
     *
     * @param joined the windows one after the other
     * @param length tokens in each
     */
    List<float[]> windows(HiddenStates joined, int length) {
        float[] rows = joined.windows().get(0);
        int count = joined.tokens(0) / length;
        long[] shape = {count, length, joined.hidden()};
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(rows), shape)) {
            float[] results = run(Map.of("x", input)).get(0);
            int each = results.length / count;
            return count == 1
                    ? List.of(results)
                    : IntStream.range(0, count)
                            .mapToObj(i -> Arrays.copyOfRange(results, i * each, (i + 1) * each))
                            .toList();
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    /** All outputs for one window of a stream, {@code [tokens, hidden]}. */
    List<float[]> outputs(float[] x, int hidden) {
        long[] shape = {1, x.length / hidden, hidden};
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), shape)) {
            return run(Map.of("x", input));
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        }
    }

    /** The output for rows apart from one another, {@code [tokens, hidden]}. */
    float[] rows(float[] x, int hidden) {
        return rows(Map.of("x", x), hidden, Map.of()).get(0);
    }

    /** The same of a graph that is told the logarithm of a sum of each row too. */
    float[] rows(float[] x, int hidden, float[] logSums) {
        return rows(Map.of("x", x), hidden, Map.of("logSum", FloatBuffer.wrap(logSums)))
                .get(0);
    }

    /** The output for rows of two streams, told the logarithm of a sum of each row of the first. */
    float[] gaps(float[] base, float[] x, int hidden, float[] logSums) {
        return rows(Map.of("base", base, "x", x), hidden, Map.of("logSum", FloatBuffer.wrap(logSums)))
                .get(0);
    }

    /** @param next the row of the vocabulary that followed each */
    List<float[]> sums(float[] x, int hidden, long[] next) {
        return rows(Map.of("x", x), hidden, Map.of("next", LongBuffer.wrap(next)));
    }

    /**
     * @param streams by input, {@code [tokens, hidden]}
     * @param columns by input, one value a token
     */
    private List<float[]> rows(Map<String, float[]> streams, int hidden, Map<String, ? extends Buffer> columns) {
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, float[]> stream : streams.entrySet()) {
                long[] shape = {stream.getValue().length / hidden, hidden};
                inputs.put(
                        stream.getKey(),
                        OnnxTensor.createTensor(environment, FloatBuffer.wrap(stream.getValue()), shape));
            }
            for (Map.Entry<String, ? extends Buffer> column : columns.entrySet()) {
                inputs.put(column.getKey(), column(column.getValue()));
            }
            return run(inputs);
        } catch (OrtException e) {
            throw StepEngine.failed(e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor column(Buffer values) throws OrtException {
        long[] shape = {values.remaining(), 1};
        return values instanceof LongBuffer numbers
                ? OnnxTensor.createTensor(environment, numbers, shape)
                : OnnxTensor.createTensor(environment, (FloatBuffer) values, shape);
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
        // A copy on the heap already, of which there need not be a second one.
        FloatBuffer copy = tensor.getFloatBuffer();
        if (copy.hasArray() && copy.array().length == copy.remaining()) {
            return copy.array();
        }
        float[] values = new float[copy.remaining()];
        copy.get(values);
        return values;
    }

    @Override
    public void close() {
        feeds.values().forEach(OnnxTensor::close);
    }
}
