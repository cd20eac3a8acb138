package dev.twofold.estimate;

import dev.twofold.estimate.Workload.Exchanged;
import dev.twofold.estimate.Workload.Stage;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The time of a call from first principles. In each stage between two exchanges a device moves bytes and multiplies,
 * whichever takes longer (the roofline; Williams et al., 2009), and is idle for a moment between kernels; devices wait for
 * the slowest before they exchange. The host launches kernels while devices work on earlier ones, so that a call takes as
 * long as the devices or the host, whichever is slower.
 *
 * <pre>
 * call = max( sum over stages of  max over devices of (max(bytes / bandwidth, flops / peak) + kernels x gap) + exchange,
 *             all kernels x host )
 * </pre>
 *
 * @param latencyFactor that the latency of exchanges is multiplied by, to see what depends on it
 */
public record CostModel(Hardware hardware, RuntimeName runtime, Precision precision, double latencyFactor) {

    /**
     * A call of a model.
     *
     * @param devices the workload of each, with as many stages
     * @param rows of the batch
     * @param tokens of each row
     * @param past positions of each row before them, or the mean of several calls'
     */
    public CallTime call(List<Workload> devices, int rows, int tokens, double past) {
        Work work = new Work(rows, tokens, past);
        CallTime time = IntStream.range(0, devices.get(0).stages().size())
                .mapToObj(stage -> stage(devices, stage, work))
                .reduce(CallTime.NONE, CallTime::plus);
        double host = devices.stream().mapToDouble(this::host).max().orElseThrow();
        return time.plus(new CallTime(0, 0, 0, 0, Math.max(0, host - time.total())));
    }

    /** Tokens of a call and what they attend to. */
    private record Work(int rows, int tokens, double past) {

        long allTokens() {
            return (long) rows * tokens;
        }

        /** Positions in the caches that are read, the new ones included. */
        double positions() {
            return rows * (past + tokens);
        }

        /** Each token attends to those before it and to itself. */
        double attended() {
            return rows * (tokens * past + tokens * (tokens + 1.0) / 2);
        }
    }

    private CallTime stage(List<Workload> devices, int index, Work work) {
        CallTime slowest = devices.stream()
                .map(device -> compute(device.stages().get(index), work))
                .reduce((a, b) -> a.total() >= b.total() ? a : b)
                .orElseThrow();
        double exchange = devices.get(0)
                .stages()
                .get(index)
                .then()
                .map(value -> exchange(value, devices.size(), work))
                .orElse(0.0);
        return slowest.plus(new CallTime(0, 0, 0, exchange, 0));
    }

    private CallTime compute(Stage stage, Work work) {
        double bytes = stage.weightBytes()
                + stage.routed().stream()
                        .mapToDouble(routed -> routed.bytes(work.allTokens()))
                        .sum()
                + (double) stage.activationBytesPerToken() * work.allTokens()
                + stage.cacheBytesPerPosition() * work.positions();
        double flops = (double) stage.weightFlopsPerToken() * work.allTokens()
                + stage.attentionFlopsPerPosition() * work.attended();
        double memory = bytes / hardware.bandwidth();
        double products = flops / hardware.flops(precision);
        double gaps = 1e-6 * launch().gapMicroseconds().value() * runtime.launches(stage.kernels());
        return memory >= products ? new CallTime(memory, 0, gaps, 0, 0) : new CallTime(0, products, gaps, 0, 0);
    }

    private double exchange(Exchanged value, int devices, Work work) {
        return hardware.link().seconds(value.kind(), value.bytesPerToken() * work.allTokens(), devices, latencyFactor);
    }

    private double host(Workload device) {
        int kernels = device.exchanges()
                + device.stages().stream()
                        .mapToInt(stage -> runtime.launches(stage.kernels()))
                        .sum();
        return 1e-6 * launch().hostMicroseconds().value() * kernels;
    }

    private Hardware.Launch launch() {
        return hardware.launch().of(runtime);
    }
}
