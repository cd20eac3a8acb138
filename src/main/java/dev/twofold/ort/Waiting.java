package dev.twofold.ort;

/** How threads of a session wait for work. */
public enum Waiting {
    /** They leave their cores to others. */
    ASLEEP,
    /** They keep their cores, as in other runtimes: faster by a fifth on cores of one's own, and slower where others need them. */
    SPINNING,
    /**
     * They keep their cores until a run ends. Without that they go on for more than 30 ms after it, at the cost of another session that runs
     * next.
     */
    SPINNING_IN_RUNS;

    boolean spins() {
        return this != ASLEEP;
    }
}
