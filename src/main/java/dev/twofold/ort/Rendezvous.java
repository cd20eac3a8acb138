package dev.twofold.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.Exchange;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Where devices that are threads of this process exchange values. Sums are made in float32 in the order of the ranks,
 * so every run gives the same bits, and are rounded once to the type of the value; each device sums a share.
 */
final class Rendezvous {

    /** As many floats as a buffer of Java's holds. */
    private static final long MAX_VALUES = Integer.MAX_VALUE / Float.BYTES;

    private final int devices;
    private final float[][] given;
    private float[] result = new float[0];
    /** The same for every device that comes here at a time. */
    private volatile Exchange.Kind kind = Exchange.Kind.SUM;

    private final CyclicBarrier gathered;
    private final CyclicBarrier finished;
    /** Of each device, nanoseconds spent here. */
    private final AtomicLongArray nanos;

    Rendezvous(int devices) {
        this.devices = devices;
        this.given = new float[devices][];
        this.nanos = new AtomicLongArray(devices);
        this.gathered = new CyclicBarrier(devices, this::allocate);
        this.finished = new CyclicBarrier(devices);
    }

    /** This place as the device of a rank sees it. */
    Peers of(int rank) {
        return (kind, own) -> {
            long start = System.nanoTime();
            OnnxTensor all = exchange(rank, kind, own);
            nanos.addAndGet(rank, System.nanoTime() - start);
            return all;
        };
    }

    /** Seconds that a device has spent here so far, in the mean. */
    double seconds() {
        long sum = 0;
        for (int rank = 0; rank < devices; rank++) {
            sum += nanos.get(rank);
        }
        return sum / 1e9 / devices;
    }

    /** Lets go of the devices that wait for this one, now or later, because it has failed. */
    void abandon() {
        for (CyclicBarrier barrier : List.of(gathered, finished)) {
            // A thread that is interrupted while it waits breaks a barrier for good.
            Thread.currentThread().interrupt();
            try {
                barrier.await();
            } catch (InterruptedException | BrokenBarrierException e) {
                // That is what was wanted.
            }
        }
    }

    /** Makes a place that was abandoned usable again; nobody may be in it. */
    void restore() {
        gathered.reset();
        finished.reset();
    }

    private OnnxTensor exchange(int rank, Exchange.Kind kind, OnnxTensor own) throws OrtException {
        requireRoom((long) own.getInfo().getNumElements() * devices);
        FloatBuffer values = own.getFloatBuffer();
        given[rank] = new float[values.remaining()];
        values.get(given[rank]);
        this.kind = kind;
        await(gathered);
        switch (kind) {
            case SUM -> sumShare(rank);
            case GATHER -> System.arraycopy(given[rank], 0, result, rank * given[rank].length, given[rank].length);
        }
        await(finished);
        long[] shape = own.getInfo().getShape().clone();
        int length = given[rank].length;
        if (kind == Exchange.Kind.GATHER) {
            shape[0] *= devices;
            length *= devices;
        }
        return tensor(own.getInfo().type, shape, length);
    }

    /** Room for the sum of the devices' values, or for all of them. */
    private void allocate() {
        int length = given[0].length * (kind == Exchange.Kind.GATHER ? devices : 1);
        if (result.length != length) {
            result = new float[length];
        }
    }

    private static void requireRoom(long values) {
        if (values > MAX_VALUES) {
            throw TwofoldException.environment("what the devices exchange at once does not fit a buffer")
                    .found(values + " values")
                    .expected("at most " + MAX_VALUES)
                    .hint("run fewer tokens at a time");
        }
    }

    private void sumShare(int rank) {
        int length = given[rank].length;
        int begin = (int) ((long) length * rank / devices);
        int end = (int) ((long) length * (rank + 1) / devices);
        for (int i = begin; i < end; i++) {
            float sum = 0;
            for (float[] values : given) {
                sum += values[i];
            }
            result[i] = sum;
        }
    }

    private OnnxTensor tensor(OnnxJavaType type, long[] shape, int length) throws OrtException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(length * type.size).order(ByteOrder.nativeOrder());
        switch (type) {
            case FLOAT -> bytes.asFloatBuffer().put(result, 0, length);
            case FLOAT16 -> {
                for (int i = 0; i < length; i++) {
                    bytes.putShort(2 * i, Float16.fromFloat(result[i]));
                }
            }
            case BFLOAT16 -> {
                for (int i = 0; i < length; i++) {
                    bytes.putShort(2 * i, BFloat16.fromFloat(result[i]));
                }
            }
            default -> throw new IllegalStateException("an exchange of " + type);
        }
        return OnnxTensor.createTensor(Runtimes.environment(), bytes, shape, type);
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (BrokenBarrierException e) {
            throw cancelled(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(e);
        }
    }

    private static CancellationException cancelled(Exception reason) {
        CancellationException cancelled = new CancellationException("another device failed");
        cancelled.initCause(reason);
        return cancelled;
    }
}
