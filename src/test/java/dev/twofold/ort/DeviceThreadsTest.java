package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.twofold.execution.Exchange;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DeviceThreadsTest {

    private static final int DEVICES = 3;

    private static <T> List<T> run(DeviceThreads threads, DeviceThreads.Work<T> work) {
        return threads.run(work, unwanted -> {});
    }

    /** What each device gets if rank r gives the values {@code r + 1, 10 (r + 1), 100 (r + 1)} as {@code [1, 3]}. */
    private static List<float[]> exchange(DeviceThreads threads, Exchange.Kind kind) {
        return run(threads, (rank, peers) -> {
            float scale = rank + 1;
            FloatBuffer values = FloatBuffer.wrap(new float[] {scale, 10 * scale, 100 * scale});
            try (OnnxTensor own = OnnxTensor.createTensor(Runtimes.environment(), values, new long[] {1, 3});
                    OnnxTensor all = peers.exchange(kind, own)) {
                assertThat(all.getInfo().getShape()).containsExactly(kind == Exchange.Kind.SUM ? 1 : DEVICES, 3);
                return all.getFloatBuffer().array();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void every_device_gets_the_sum() {
        try (DeviceThreads threads = new DeviceThreads(DEVICES)) {
            for (int i = 0; i < 100; i++) {
                assertThat(exchange(threads, Exchange.Kind.SUM))
                        .hasSize(DEVICES)
                        .allSatisfy(sum -> assertThat(sum).containsExactly(6, 60, 600));
            }
        }
    }

    @Test
    void every_device_gets_all_values_in_the_order_of_the_ranks() {
        try (DeviceThreads threads = new DeviceThreads(DEVICES)) {
            assertThat(exchange(threads, Exchange.Kind.GATHER))
                    .allSatisfy(all -> assertThat(all).containsExactly(1, 10, 100, 2, 20, 200, 3, 30, 300));
        }
    }

    /** 2048 + 1 + 1 + ... rounds to 2048 at every step of a sum in fp16, 256 + 1 + 1 to 256 in bf16. */
    @ParameterizedTest
    @CsvSource({"FLOAT16, 2048, 2052", "BFLOAT16, 256, 260"})
    void half_precision_is_summed_in_float32_and_rounded_once(OnnxJavaType type, float large, float expected) {
        try (DeviceThreads threads = new DeviceThreads(5)) {
            List<Float> sums = run(threads, (rank, peers) -> {
                ByteBuffer value = ByteBuffer.allocateDirect(2).order(ByteOrder.nativeOrder());
                float given = rank == 0 ? large : 1;
                value.putShort(0, type == OnnxJavaType.FLOAT16 ? Float16.fromFloat(given) : BFloat16.fromFloat(given));
                try (OnnxTensor own = OnnxTensor.createTensor(Runtimes.environment(), value, new long[] {1}, type);
                        OnnxTensor all = peers.exchange(Exchange.Kind.SUM, own)) {
                    assertThat(all.getInfo().type).isEqualTo(type);
                    return all.getFloatBuffer().get(0);
                } catch (OrtException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(sums).containsOnly(expected);
        }
    }

    @Test
    void a_device_that_fails_lets_go_of_those_that_wait_for_it() {
        try (DeviceThreads threads = new DeviceThreads(DEVICES)) {
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> run(threads, (rank, peers) -> {
                            if (rank == 1) {
                                throw new IllegalArgumentException("device 1 has failed");
                            }
                            try (OnnxTensor own = OnnxTensor.createTensor(Runtimes.environment(), new float[] {1})) {
                                peers.exchange(Exchange.Kind.SUM, own).close();
                                return rank;
                            } catch (OrtException e) {
                                throw new IllegalStateException(e);
                            }
                        }))
                        .hasMessage("device 1 has failed");
            }
            assertThat(exchange(threads, Exchange.Kind.SUM)).hasSize(DEVICES);
        }
    }

    @Test
    void the_time_of_exchanges_is_counted() {
        try (DeviceThreads threads = new DeviceThreads(DEVICES)) {
            assertThat(threads.exchangeSeconds()).isZero();
            exchange(threads, Exchange.Kind.SUM);
            assertThat(threads.exchangeSeconds()).isPositive();
        }
    }
}
