package dev.twofold.ort;

/**
 * What a model is loaded for.
 *
 * @param provider that computes
 * @param device which of its devices
 * @param waiting how its threads wait for work
 */
public record SessionSetup(Provider provider, int device, Waiting waiting) {

    /** On the CPU, beside other work. */
    public static final SessionSetup CPU = new SessionSetup(Provider.CPU, 0, Waiting.ASLEEP);

    SessionSetup onDevice(int other) {
        return new SessionSetup(provider, other, waiting);
    }
}
