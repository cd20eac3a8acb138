package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A vocabulary in chunks of rows, loaded on first use, because a Java buffer ends at 2 GiB and a core's caches much sooner. */
final class HeadChunks implements AutoCloseable {

    private final StepEngine engine;
    private final Decoder decoder;
    private final long bytes;
    private final String slot;
    private final Map<Use, List<Chunk>> loaded = new HashMap<>();

    /**
     * @param bytes of a chunk's rows in float32, if one row is not larger
     * @param slot for weights, that no other open head of the engine has
     */
    HeadChunks(StepEngine engine, Decoder decoder, long bytes, String slot) {
        this.engine = engine;
        this.decoder = decoder;
        this.bytes = bytes;
        this.slot = slot;
    }

    /** Rows {@code from} to {@code to - 1} of the vocabulary. */
    record Chunk(int from, int to, PlainModel model) {}

    /**
     * What chunks are for.
     *
     * @param place for their weights, which uses of as many rows share if they feed the same in the same order
     */
    private record Use(String name, String place, int rows, int threads) {}

    int vocabulary() {
        return decoder.facts().vocabularySize();
    }

    /** In chunks as large as a buffer may be. */
    List<Chunk> large(String use, Function<Linear, PlainGraph> graph) {
        return chunks(new Use(use, use, largest(), Lanes.allThreads()), graph);
    }

    /**
     * In chunks whose logits stay in a core's cache, for lanes of the engine.
     *
     * @param tokens that are multiplied at once
     * @param pieces of text that the lanes share
     */
    List<Chunk> small(String use, int tokens, int pieces, Function<Linear, PlainGraph> graph) {
        long rows = Math.max(1, engine.lanes().cachedBytes() / (Float.BYTES * (long) tokens));
        int threads = engine.lanes().threads(pieces);
        return chunks(new Use(use, "table", (int) Math.min(largest(), rows), threads), graph);
    }

    private int largest() {
        Weight table = decoder.head().weight();
        long rows = Math.max(1, bytes / (Float.BYTES * table.shape().dim(1)));
        return (int) Math.min(vocabulary(), rows);
    }

    private List<Chunk> chunks(Use use, Function<Linear, PlainGraph> graph) {
        return loaded.computeIfAbsent(use, key -> {
            List<Chunk> chunks = new ArrayList<>();
            for (int from = 0; from < vocabulary(); from += key.rows()) {
                int to = Math.min(vocabulary(), from + key.rows());
                PlainGraph lowered = graph.apply(decoder.head().rows(from, to));
                String place = slot + key.place() + " " + key.rows() + " " + from;
                chunks.add(new Chunk(from, to, engine.load(lowered, place, key.threads())));
            }
            return chunks;
        });
    }

    @Override
    public void close() {
        loaded.values().forEach(chunks -> chunks.forEach(chunk -> chunk.model().close()));
    }
}
