package dev.twofold.pipeline;

import dev.twofold.diag.Futures;
import dev.twofold.inspection.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What a decoder is tried on while its weights are written: writing waits for the disk, and trying for the processor. What is
 * found is said when the weights are written, each of which was looked at by then: a weight that is no number is the cause
 * of what the trial finds. Closed before that, it is given up.
 */
final class Trial implements AutoCloseable {

    private final Host host;
    private final LateProgress progress = new LateProgress();
    private final List<String> notices = new ArrayList<>();
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Future<?> work;

    /**
     * Starts a trial.
     *
     * @param host who hears of it in the end
     * @param work is told where to run, and stops with a failure when its thread is interrupted
     */
    Trial(Host host, Consumer<Host> work) {
        this.host = host;
        this.work = thread.submit(() -> work.accept(host.with(progress).with(notices::add)));
        thread.shutdown();
    }

    /**
     * Waits for the end, and passes on what was to be said.
     *
     * @throws dev.twofold.diag.TwofoldException of the work
     */
    void finish() {
        progress.tell(host.progress());
        try {
            Futures.result(work);
        } finally {
            // What a failure rests on too.
            notices.forEach(host::notice);
        }
    }

    /** Waits until the work has stopped, so that nothing is read any more. */
    @Override
    public void close() {
        thread.shutdownNow();
        try {
            thread.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
