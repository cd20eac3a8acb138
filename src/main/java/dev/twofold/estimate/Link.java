package dev.twofold.estimate;

import dev.twofold.execution.Exchange;
import java.util.List;

/**
 * What joins the devices, and how values are exchanged over it: in rings, by the protocol that is fastest for the size,
 * which is NCCL's own model of its time ({@code tuning.cc}).
 *
 * @param gigabytesPerSecond of a device, in one direction
 * @param share of it that a ring reaches
 */
public record Link(Figure gigabytesPerSecond, Figure share, List<Protocol> protocols) {

    /**
     * @param baseMicroseconds before and after the steps of the ring
     * @param hopMicroseconds of a step, from a device to the next
     * @param bandwidthShare of what a ring reaches; the rest goes into flags that save waiting
     */
    public record Protocol(String name, Figure baseMicroseconds, Figure hopMicroseconds, Figure bandwidthShare) {

        public Protocol {
            bandwidthShare.share("bandwidth-share");
        }
    }

    public Link {
        gigabytesPerSecond.positive("gigabytes-per-second");
        share.share("share");
        protocols = List.copyOf(protocols);
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("a link should have a protocol");
        }
    }

    /**
     * Seconds that an exchange takes.
     *
     * @param bytes that each device gives
     * @param latencyFactor that base and hops are multiplied by
     */
    double seconds(Exchange.Kind kind, long bytes, int devices, double latencyFactor) {
        // A sum goes around twice, in pieces of one Nth; to gather, every device's value goes around once.
        double steps = kind == Exchange.Kind.SUM ? 2.0 * (devices - 1) : devices - 1;
        double moved = kind == Exchange.Kind.SUM ? steps / devices * bytes : steps * bytes;
        return protocols.stream()
                .mapToDouble(protocol -> latencyFactor
                                * 1e-6
                                * (protocol.baseMicroseconds().value()
                                        + steps * protocol.hopMicroseconds().value())
                        + moved
                                / (1e9
                                        * gigabytesPerSecond.value()
                                        * share.value()
                                        * protocol.bandwidthShare().value()))
                .min()
                .orElseThrow();
    }
}
