package dev.twofold.ort;

/**
 * What a model is loaded for.
 *
 * @param provider that computes
 * @param device which of its devices
 * @param spinning whether threads that wait for work keep their cores, as other runtimes have it: faster by a fifth on cores of
 *     one's own, and slower where others need them
 */
public record SessionSetup(Provider provider, int device, boolean spinning) {

    /** On the CPU, beside other work. */
    public static final SessionSetup CPU = new SessionSetup(Provider.CPU, 0, false);

    SessionSetup onDevice(int other) {
        return new SessionSetup(provider, other, spinning);
    }
}
