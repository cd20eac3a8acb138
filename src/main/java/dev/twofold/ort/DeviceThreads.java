package dev.twofold.ort;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A thread for each device of a model; a single device runs on the caller's. */
final class DeviceThreads implements AutoCloseable {

    private final int devices;
    private final Rendezvous rendezvous;
    private final ExecutorService threads;

    DeviceThreads(int devices) {
        this.devices = devices;
        this.rendezvous = new Rendezvous(devices);
        AtomicInteger started = new AtomicInteger();
        this.threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "device " + started.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** What one device does. */
    interface Work<T> {
        T run(int rank, Peers peers);
    }

    /**
     * Runs every device and returns what each made, in the order of the ranks. If one fails, all end with its failure; none
     * runs any more when this returns.
     *
     * @param unwanted takes what a device has made when another has failed
     */
    <T> List<T> run(Work<T> work, Consumer<T> unwanted) {
        if (devices == 1) {
            return List.of(work.run(0, Peers.NONE));
        }
        List<Future<T>> running = new ArrayList<>();
        for (int rank = 0; rank < devices; rank++) {
            int own = rank;
            running.add(threads.submit(() -> {
                try {
                    return work.run(own, rendezvous.of(own));
                } catch (RuntimeException | Error e) {
                    rendezvous.abandon();
                    throw e;
                }
            }));
        }
        List<T> made = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        boolean interrupted = false;
        for (Future<T> device : running) {
            while (true) {
                try {
                    made.add(device.get());
                    break;
                } catch (ExecutionException e) {
                    failures.add(e.getCause());
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failures.isEmpty()) {
            return made;
        }
        made.forEach(unwanted);
        rendezvous.restore();
        throw cause(failures);
    }

    /** The failure that came first: the devices that waited for the one that failed were only cancelled. */
    private static RuntimeException cause(List<Throwable> failures) {
        Throwable first = failures.stream()
                .filter(failure -> !(failure instanceof CancellationException))
                .findFirst()
                .orElse(failures.get(0));
        if (first instanceof Error error) {
            throw error;
        }
        return first instanceof RuntimeException failure ? failure : new IllegalStateException(first);
    }

    double exchangeSeconds() {
        return devices == 1 ? 0 : rendezvous.seconds();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
