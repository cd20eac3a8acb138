package dev.twofold.ort;

import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Values of weights outside the heap. The first that are asked for are kept as long as there is room, so that a model which
 * runs many times is evaluated once, if it is small; each other is evaluated into the memory of the one before it.
 */
final class WeightBuffers {

    private final WeightEvaluator evaluator;
    private final Map<Weight, FloatBuffer> kept = new HashMap<>();
    private final Map<String, FloatBuffer> shared = new HashMap<>();
    private long room;

    /** @param room bytes for values that are kept */
    WeightBuffers(WeightEvaluator evaluator, long room) {
        this.evaluator = evaluator;
        this.room = room;
    }

    /**
     * The values of a weight, row-major.
     *
     * @param use what they are for; the values of another weight may be overwritten by those of the next of the same use
     */
    FloatBuffer values(Weight weight, String use) {
        FloatBuffer known = kept.get(weight);
        if (known != null) {
            return known.duplicate();
        }
        long elements = weight.shape().elements();
        boolean keep = elements * Float.BYTES <= room;
        FloatBuffer values = keep ? allocate(elements) : shared(use, elements);
        evaluator.read(weight, values);
        values.flip();
        if (keep) {
            room -= elements * Float.BYTES;
            kept.put(weight, values);
        }
        return values.duplicate();
    }

    private FloatBuffer shared(String use, long elements) {
        FloatBuffer known = shared.get(use);
        if (known == null || known.capacity() < elements) {
            known = allocate(elements);
            shared.put(use, known);
        }
        return known.clear().limit((int) elements);
    }

    private static FloatBuffer allocate(long elements) {
        int bytes = Math.toIntExact(Math.multiplyExact(elements, Float.BYTES));
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
}
