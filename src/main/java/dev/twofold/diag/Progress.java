package dev.twofold.diag;

/** Receives how far long work has come. Calls to {@link #advance} may come from any thread. */
public interface Progress {

    /** Hears nothing. */
    Progress SILENT = new Progress() {
        @Override
        public void begin(String task, long total, Unit unit) {}

        @Override
        public void advance(long amount) {}

        @Override
        public void end() {}
    };

    /** What the amounts count. */
    enum Unit {
        BYTES,
        TOKENS,
        STEPS,
        LAYERS,
        WINDOWS,
        RUNS,
        PLANS,
        DEPTHS,
        GROUPS
    }

    /** Starts a task of a known size; the one before, if any, is over. */
    void begin(String task, long total, Unit unit);

    void advance(long amount);

    void end();
}
