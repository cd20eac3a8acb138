package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;

/**
 * The norms of the stream.
 *
 * @param kind {@code rms} or {@code layer}
 */
public record NormStyle(NormKind kind, Setting epsilon, Gain gain, boolean bias) {
    public NormStyle {
        required("kind", kind);
        required("epsilon", epsilon);
        gain = gain == null ? Gain.PLAIN : gain;
    }

    /** The norms that there are. */
    public enum NormKind {
        RMS,
        LAYER;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /** How a gain is kept. */
    public enum Gain {
        /** As it is. */
        PLAIN,
        /** As its difference from one. */
        ONE_PLUS,
        /** Not at all: it is one. */
        NONE;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }
}
