package dev.twofold.passes.compensate;

import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.StreamArchive;
import dev.twofold.passes.compensate.Batches.Batch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;

/** Streams of a whole calibration text, which lie on the disk and are worked on batch by batch. */
public final class Streams implements AutoCloseable {

    private final StreamArchive archive;
    private final Batches batches;
    /** Places of streams that are not needed any more. */
    private final Deque<Integer> free = new ArrayDeque<>();

    private int places;

    public Streams(StreamArchive archive, Batches batches) {
        this.archive = archive;
        this.batches = batches;
    }

    public Batches batches() {
        return batches;
    }

    /** A stream that nothing is in yet. */
    public Kept empty() {
        return new Kept(free.isEmpty() ? places++ : free.pop());
    }

    /** What {@code change} makes of every batch of a stream. */
    public Kept map(Kept stream, UnaryOperator<HiddenStates> change) {
        Kept result = empty();
        for (Batch batch : batches.all()) {
            result.put(batch, change.apply(stream.get(batch)));
        }
        return result;
    }

    /** One stream. */
    public final class Kept {
        private final int place;

        private Kept(int place) {
            this.place = place;
        }

        public HiddenStates get(Batch batch) {
            return archive.get(number(batch));
        }

        public void put(Batch batch, HiddenStates states) {
            archive.put(number(batch), states);
        }

        private int number(Batch batch) {
            return place * batches.all().size() + batch.number();
        }

        /** Gives its place to streams that come later; it is not to be read any more. */
        public void release() {
            free.push(place);
        }
    }

    @Override
    public void close() {
        archive.close();
    }
}
