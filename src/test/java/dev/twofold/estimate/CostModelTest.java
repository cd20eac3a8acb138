package dev.twofold.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.twofold.estimate.Hardware.Launch;
import dev.twofold.estimate.Hardware.Launches;
import dev.twofold.estimate.Hardware.Teraflops;
import dev.twofold.estimate.Link.Protocol;
import dev.twofold.estimate.Workload.Exchanged;
import dev.twofold.estimate.Workload.Routed;
import dev.twofold.estimate.Workload.Stage;
import dev.twofold.execution.Exchange.Kind;
import dev.twofold.graph.operator.Kernels;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Times against those computed by hand, on hardware with round figures: 1 GB/s, 10^9 operations a second. */
final class CostModelTest {

    private static final Offset<Double> EXACT = within(1e-12);
    private static final double MICRO = 1e-6;

    private static final Link LINK = new Link(
            figure(1),
            figure(1),
            List.of(
                    new Protocol("quick", figure(6), figure(1), figure(0.25)),
                    new Protocol("wide", figure(10), figure(2), figure(1))));

    private static Figure figure(double value) {
        return new Figure(value, "this test");
    }

    private static Hardware hardware(double bandwidth, double hostMicroseconds) {
        Launch launch = new Launch(figure(1), figure(hostMicroseconds));
        return new Hardware(
                "round figures",
                List.of(1, 2, 4),
                figure(80),
                figure(bandwidth),
                figure(1),
                new Teraflops(figure(0.001), figure(0.001), figure(0.001)),
                figure(1),
                new Launches(launch, launch, launch),
                LINK);
    }

    private static CostModel model(double hostMicroseconds) {
        return new CostModel(hardware(1, hostMicroseconds), RuntimeName.STREAM, Precision.FP16, 1);
    }

    /** 5000 bytes of weights, 1000 operations a token, 10 bytes and 2 operations a position, in two kernels. */
    private static Stage stage(long weightBytes, Optional<Exchanged> then) {
        return new Stage(weightBytes, List.of(), 1000, 0, 10, 2, new Kernels(2, 7), then);
    }

    private static Workload alone() {
        return new Workload(List.of(stage(5000, Optional.empty())), 5000);
    }

    @Test
    void a_token_waits_for_weights_and_the_cache() {
        CallTime time = model(0).call(List.of(alone()), 1, 1, 99);
        assertThat(time.memory()).isEqualTo((5000 + 10 * 100) * 1e-9, EXACT);
        assertThat(time.compute()).isZero();
        assertThat(time.gaps()).isEqualTo(2 * MICRO, EXACT);
        assertThat(time.total()).isEqualTo(8 * MICRO, EXACT);
    }

    @Test
    void a_prompt_waits_for_products() {
        CallTime time = model(0).call(List.of(alone()), 1, 10, 0);
        assertThat(time.compute()).isEqualTo((10 * 1000 + 2 * 55) * 1e-9, EXACT);
        assertThat(time.memory()).isZero();
    }

    @Test
    void rows_share_the_weights_and_have_caches_of_their_own() {
        CallTime time = model(0).call(List.of(alone()), 3, 1, 99);
        assertThat(time.memory()).isEqualTo((5000 + 3 * 10 * 100) * 1e-9, EXACT);
    }

    @Test
    void more_tokens_read_more_experts_until_all_are_read() {
        Stage mixture = new Stage(0, List.of(new Routed(1000, 8, 2)), 0, 0, 0, 0, new Kernels(1, 1), Optional.empty());
        List<Workload> devices = List.of(new Workload(List.of(mixture), 8000));
        assertThat(model(0).call(devices, 1, 1, 0).memory()).isEqualTo(2000e-9, EXACT);
        assertThat(model(0).call(devices, 2, 1, 0).memory()).isEqualTo(3500e-9, EXACT);
        assertThat(model(0).call(devices, 1, 2, 0).memory()).isEqualTo(3500e-9, EXACT);
        assertThat(model(0).call(devices, 64, 1, 0).memory()).isEqualTo(8000e-9, within(1e-12));
        assertThat(model(0).call(devices, 1, 4096, 0).memory()).isEqualTo(8000e-9, EXACT);
    }

    @Test
    void a_busy_host_makes_the_device_wait() {
        CallTime time = model(10).call(List.of(alone()), 1, 1, 99);
        assertThat(time.host()).isEqualTo(12 * MICRO, EXACT);
        assertThat(time.total()).isEqualTo(20 * MICRO, EXACT);
    }

    @Test
    void devices_wait_for_the_slowest_and_exchange() {
        Optional<Exchanged> sum = Optional.of(new Exchanged(Kind.SUM, 1000));
        List<Workload> devices = List.of(
                new Workload(List.of(stage(5000, sum), stage(0, Optional.empty())), 5000),
                new Workload(List.of(stage(9000, sum), stage(0, Optional.empty())), 9000));
        CallTime time = model(0).call(devices, 1, 1, 0);
        assertThat(time.memory()).isEqualTo(9010 * 1e-9, EXACT);
        assertThat(time.compute()).isEqualTo(1002 * 1e-9, EXACT);
        assertThat(time.exchanges()).isEqualTo(12 * MICRO, EXACT);
    }

    @Test
    void an_exchange_takes_the_faster_protocol() {
        assertThat(LINK.seconds(Kind.SUM, 1000, 2, 1)).isEqualTo((6 + 2 * 1 + 4) * MICRO, EXACT);
        assertThat(LINK.seconds(Kind.SUM, 100_000, 2, 1)).isEqualTo((10 + 2 * 2 + 100) * MICRO, EXACT);
        assertThat(LINK.seconds(Kind.SUM, 1000, 4, 1)).isEqualTo((6 + 6 * 1 + 6) * MICRO, EXACT);
        assertThat(LINK.seconds(Kind.GATHER, 1000, 4, 1)).isEqualTo((10 + 3 * 2 + 3) * MICRO, EXACT);
        assertThat(LINK.seconds(Kind.SUM, 1000, 2, 2)).isEqualTo((2 * (6 + 2 * 1) + 4) * MICRO, EXACT);
    }

    @Test
    void the_speed_of_decoding_is_the_mean_over_a_growing_cache() {
        Speed speed = Speed.of(model(0), List.of(alone()), new Speed.Text(2, 10, 3));
        double bytes = 5000 + 2 * 10 * (11 + 12 + 13) / 3.0;
        assertThat(speed.decode().total()).isEqualTo(bytes * 1e-9 + 2 * MICRO, EXACT);
        assertThat(speed.decodeTokensPerSecond()).isEqualTo(2 / (bytes * 1e-9 + 2 * MICRO), within(1e-3));
        assertThat(speed.prefillTokensPerSecond())
                .isEqualTo(20 / ((20 * 1000 + 2 * 2 * 55) * 1e-9 + 2 * MICRO), within(1e-3));
    }

    @Test
    void no_time_falls_with_more_work_and_none_rises_with_better_hardware() {
        Optional<Exchanged> sum = Optional.of(new Exchanged(Kind.SUM, 1000));
        Workload part = new Workload(List.of(stage(5000, sum), stage(5000, Optional.empty())), 10_000);
        List<Workload> devices = List.of(part, part);
        double base = model(1).call(devices, 1, 1, 10).total();
        assertThat(model(1).call(devices, 2, 1, 10).total()).isGreaterThan(base);
        assertThat(model(1).call(devices, 1, 2, 10).total()).isGreaterThan(base);
        assertThat(model(1).call(devices, 1, 1, 11).total()).isGreaterThan(base);
        assertThat(model(9).call(devices, 1, 1, 10).total()).isGreaterThan(base);
        CostModel faster = new CostModel(hardware(2, 1), RuntimeName.STREAM, Precision.FP16, 1);
        assertThat(faster.call(devices, 1, 1, 10).total()).isLessThan(base);
        CostModel slowerLink = new CostModel(hardware(1, 1), RuntimeName.STREAM, Precision.FP16, 4);
        assertThat(slowerLink.call(devices, 1, 1, 10).total()).isGreaterThan(base);
    }
}
