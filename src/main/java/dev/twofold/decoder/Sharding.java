package dev.twofold.decoder;

import dev.twofold.diag.PlainName;
import java.util.OptionalInt;

/**
 * How a decoder is cut over devices: tensor parallelism (Shoeybi et al., 2019), one sum over the devices a step.
 *
 * @param devices number of devices, 2 or more
 * @param vocabulary whether the embedding and the head are cut along the vocabulary, or every device has them whole
 * @param rank the device whose part this is; empty for the whole model, before it is cut
 */
public record Sharding(int devices, Placement placement, boolean vocabulary, OptionalInt rank) {

    /** Which devices work on which layer of a group. */
    public enum Placement {
        /** Every device has its share of the attention heads and the feed-forward of every layer. */
        HEADS,
        /** The layers of a group have devices of their own, and are cut over those. */
        LAYERS;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    public Sharding {
        if (devices < 2 || rank.orElse(0) < 0 || rank.orElse(0) >= devices) {
            throw new IllegalArgumentException("rank " + rank + " of " + devices + " devices");
        }
    }

    /** The part of one device. */
    public Sharding ofRank(int part) {
        return new Sharding(devices, placement, vocabulary, OptionalInt.of(part));
    }
}
