package dev.twofold.estimate;

import dev.twofold.diag.Printable;
import dev.twofold.tensor.Precision;
import java.util.List;

/**
 * Devices of one kind and what joins them.
 *
 * @param name what people call it
 * @param devices how many there can be
 * @param memoryGigabytes of a device
 * @param memoryGigabytesPerSecond at the peak
 * @param memoryShare of that peak which is reached
 * @param teraflops of dense products at the peak
 * @param computeShare of that peak which is reached
 * @param launch what a kernel costs beside its work
 * @param link between the devices; nothing crosses that of a device that is alone
 */
public record Hardware(
        String name,
        List<Integer> devices,
        Figure memoryGigabytes,
        Figure memoryGigabytesPerSecond,
        Figure memoryShare,
        Teraflops teraflops,
        Figure computeShare,
        Launches launch,
        Link link) {

    private static final int MOST_DEVICES = 4096;

    /** By the type that is multiplied. */
    public record Teraflops(Figure fp32, Figure fp16, Figure bf16) {

        public Teraflops {
            fp32.positive("fp32");
            fp16.positive("fp16");
            bf16.positive("bf16");
        }

        double of(Precision precision) {
            return switch (precision) {
                case FP32 -> fp32.value();
                case FP16 -> fp16.value();
                case BF16 -> bf16.value();
            };
        }
    }

    /** By the way that kernels are launched. */
    public record Launches(Launch graph, Launch stream, Launch eager) {

        Launch of(RuntimeName runtime) {
            return switch (runtime) {
                case GRAPH -> graph;
                case STREAM -> stream;
                case EAGER -> eager;
            };
        }
    }

    /**
     * @param gapMicroseconds that a device is idle between a kernel and the next, which waits for it
     * @param hostMicroseconds that the host is busy for a kernel, while the device works on those before
     */
    public record Launch(Figure gapMicroseconds, Figure hostMicroseconds) {}

    public Hardware {
        if (devices.isEmpty()
                || devices.stream().anyMatch(count -> count == null || count < 1 || count > MOST_DEVICES)) {
            throw new IllegalArgumentException(
                    "devices should list how many there can be, such as [1, 2, 4], up to " + MOST_DEVICES);
        }
        devices = List.copyOf(devices);
        if (name.isBlank()) {
            throw new IllegalArgumentException("name should say what people call the hardware");
        }
        name = Printable.part(name);
        memoryGigabytes.positive("memory-gigabytes");
        memoryGigabytesPerSecond.positive("memory-gigabytes-per-second");
        memoryShare.share("memory-share");
        computeShare.share("compute-share");
    }

    /** Bytes a second that a device reads. */
    double bandwidth() {
        return 1e9 * memoryGigabytesPerSecond.value() * memoryShare.value();
    }

    /** Multiplications and additions a second. */
    double flops(Precision precision) {
        return 1e12 * teraflops.of(precision) * computeShare.value();
    }
}
