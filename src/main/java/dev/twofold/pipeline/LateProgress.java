package dev.twofold.pipeline;

import dev.twofold.diag.Progress;
import java.util.Optional;

/** Progress of work that goes on beside other work, which nobody hears of until the other work is done. */
final class LateProgress implements Progress {

    private record Task(String name, long total, Unit unit) {}

    private Progress listener = Progress.SILENT;
    private Optional<Task> task = Optional.empty();
    private long done;

    /** Says how far the work has come, and from now on how it goes on. */
    synchronized void tell(Progress other) {
        listener = other;
        task.ifPresent(begun -> {
            listener.begin(begun.name(), begun.total(), begun.unit());
            listener.advance(done);
        });
    }

    @Override
    public synchronized void begin(String name, long total, Unit unit) {
        task = Optional.of(new Task(name, total, unit));
        done = 0;
        listener.begin(name, total, unit);
    }

    @Override
    public synchronized void advance(long amount) {
        done += amount;
        listener.advance(amount);
    }

    @Override
    public synchronized void end() {
        task = Optional.empty();
        listener.end();
    }
}
