package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.measure.TextWindows;
import dev.twofold.ort.HeadChunks.Chunk;

/** A head in chunks of rows of the vocabulary. Weights are loaded on first use. */
final class ChunkedHead implements DecoderEngine.Head {

    /** Bytes of a chunk's rows in float32, if one row is not larger. */
    static final long CHUNK_BYTES = 256L << 20;

    private final StepEngine engine;
    private final PlainGraphs graphs;
    private final Decoder decoder;
    private final HeadChunks chunks;
    private final Runnable closed;

    ChunkedHead(StepEngine engine, PlainGraphs graphs, Decoder decoder, long chunkBytes) {
        this(engine, graphs, decoder, chunkBytes, 0, () -> {});
    }

    /**
     * @param number that no other open head of the engine has
     * @param closed is told when this head gives the number back
     */
    ChunkedHead(StepEngine engine, PlainGraphs graphs, Decoder decoder, long chunkBytes, int number, Runnable closed) {
        this.engine = engine;
        this.graphs = graphs;
        this.decoder = decoder;
        this.chunks = new HeadChunks(engine, decoder, chunkBytes, "head " + number + " ");
        this.closed = closed;
    }

    @Override
    public float[] logits(HiddenStates states, int window) {
        int tokens = states.tokens(window);
        int vocabulary = chunks.vocabulary();
        float[] logits = new float[tokens * vocabulary];
        for (Chunk chunk : chunks.large("logits", rows -> graphs.head(decoder, rows))) {
            float[] part = chunk.model().run(states.windows().get(window), states.hidden());
            int width = chunk.to() - chunk.from();
            for (int token = 0; token < tokens; token++) {
                System.arraycopy(part, token * width, logits, token * vocabulary + chunk.from(), width);
            }
        }
        return logits;
    }

    @Override
    public Scorer beside(HiddenStates base, TextWindows text) {
        return new HeadScorer(engine, graphs, decoder, chunks, base, text);
    }

    @Override
    public void close() {
        chunks.close();
        closed.run();
    }
}
