package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.DecoderEngine;
import dev.twofold.pass.HiddenStates;
import dev.twofold.pass.PlainGraphs;
import dev.twofold.pass.PlainGraphs.Feed;
import dev.twofold.pass.PlainGraphs.PlainGraph;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import dev.twofold.weight.Weights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs plain graphs on ONNX Runtime. Sessions are kept by structure, since steps of one structure differ only in what
 * they are fed; weights are evaluated for one step at a time into buffers that the next step reuses.
 */
public final class StepEngine implements DecoderEngine {

    /** The head is cut into rows of the vocabulary of about this size, because a Java buffer ends at 2 GiB. */
    private static final long HEAD_CHUNK_BYTES = 256L << 20;

    private final OrtEnvironment environment = Runtimes.environment();
    private final PlainGraphs graphs;
    private final WeightEvaluator evaluator;
    private final Provider provider;
    private final int device;
    private final Map<ByteBuffer, OrtSession> sessions = new HashMap<>();
    private final WeightBuffers buffers = new WeightBuffers();

    public StepEngine(PlainGraphs graphs, WeightEvaluator evaluator, Provider provider, int device) {
        this.graphs = graphs;
        this.evaluator = evaluator;
        this.provider = provider;
        this.device = device;
    }

    @Override
    public HiddenStates embed(Decoder decoder, List<int[]> windows) {
        int hidden = decoder.facts().hiddenSize();
        List<float[]> streams = new ArrayList<>();
        for (int[] tokens : windows) {
            float[] stream = new float[tokens.length * hidden];
            FloatBuffer rows = FloatBuffer.wrap(stream);
            for (int token : tokens) {
                evaluator.read(Weights.slice(decoder.embedding(), 0, token, token + 1L), rows);
            }
            streams.add(stream);
        }
        return new HiddenStates(streams, hidden);
    }

    @Override
    public HiddenStates apply(Decoder decoder, Step step, HiddenStates before) {
        List<float[]> after = new ArrayList<>();
        Map<Integer, List<Integer>> byLength = new LinkedHashMap<>();
        for (int window = 0; window < before.windows().size(); window++) {
            byLength.computeIfAbsent(before.tokens(window), length -> new ArrayList<>())
                    .add(window);
            after.add(new float[0]);
        }
        byLength.forEach((length, windows) -> {
            try (Loaded loaded = load(graphs.step(decoder, step, length), "step")) {
                for (int window : windows) {
                    after.set(window, loaded.run(before.windows().get(window), length, before.hidden()));
                }
            }
        });
        return new HiddenStates(after, before.hidden());
    }

    @Override
    public Head head(Decoder decoder) {
        Weight table = decoder.head().weight();
        long rows = table.shape().dim(0);
        long chunk = Math.max(1, HEAD_CHUNK_BYTES / (4 * table.shape().dim(1)));
        List<Loaded> chunks = new ArrayList<>();
        for (long from = 0; from < rows; from += chunk) {
            Weight part = Weights.slice(table, 0, from, Math.min(rows, from + chunk));
            chunks.add(load(graphs.head(decoder.finalNorm(), part), "head" + from));
        }
        return new ChunkedHead(chunks, Math.toIntExact(rows));
    }

    private record ChunkedHead(List<Loaded> chunks, int vocabulary) implements Head {
        @Override
        public float[] logits(HiddenStates states, int window) {
            int tokens = states.tokens(window);
            float[] logits = new float[tokens * vocabulary];
            int from = 0;
            for (Loaded chunk : chunks) {
                float[] part = chunk.run(states.windows().get(window), tokens, states.hidden());
                int width = part.length / tokens;
                for (int token = 0; token < tokens; token++) {
                    System.arraycopy(part, token * width, logits, token * vocabulary + from, width);
                }
                from += width;
            }
            return logits;
        }

        @Override
        public void close() {
            chunks.forEach(Loaded::close);
        }
    }

    private Loaded load(PlainGraph graph, String slot) {
        Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
        try {
            OrtSession session = session(graph.model());
            for (Feed feed : graph.feeds()) {
                FloatBuffer values = buffers.take(
                        slot + "/" + feed.name(), feed.weight().shape().elements());
                evaluator.read(feed.weight(), values);
                feeds.put(feed.name(), OnnxTensor.createTensor(environment, values.flip(), shape(feed.weight())));
            }
            return new Loaded(environment, session, feeds);
        } catch (OrtException e) {
            feeds.values().forEach(OnnxTensor::close);
            throw failed(e);
        }
    }

    private static long[] shape(Weight weight) {
        return weight.shape().dims().stream().mapToLong(Long::longValue).toArray();
    }

    private OrtSession session(byte[] model) throws OrtException {
        OrtSession known = sessions.get(ByteBuffer.wrap(model));
        if (known != null) {
            return known;
        }
        try (SessionOptions options = Runtimes.options(provider, device)) {
            // The reference must not pass through the fusions it is there to check.
            options.setOptimizationLevel(SessionOptions.OptLevel.NO_OPT);
            OrtSession session = environment.createSession(model, options);
            sessions.put(ByteBuffer.wrap(model), session);
            return session;
        }
    }

    /** A plain model with its weights. */
    private record Loaded(OrtEnvironment environment, OrtSession session, Map<String, OnnxTensor> feeds)
            implements AutoCloseable {

        /** @param x a stream, {@code [tokens, hidden]} */
        float[] run(float[] x, int tokens, int hidden) {
            long[] shape = {1, tokens, hidden};
            try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), shape)) {
                Map<String, OnnxTensor> inputs = new LinkedHashMap<>(feeds);
                inputs.put("x", input);
                try (OrtSession.Result result = session.run(inputs)) {
                    OnnxTensor y = (OnnxTensor) result.get(0);
                    float[] values = new float[Math.toIntExact(y.getInfo().getNumElements())];
                    y.getFloatBuffer().get(values);
                    return values;
                }
            } catch (OrtException e) {
                throw failed(e);
            }
        }

        @Override
        public void close() {
            feeds.values().forEach(OnnxTensor::close);
        }
    }

    private static TwofoldException failed(OrtException e) {
        return TwofoldException.environment("ONNX Runtime failed while running the reference")
                .found(Runtimes.reason(e))
                .cause(e);
    }

    @Override
    public void close() {
        try {
            for (OrtSession session : sessions.values()) {
                session.close();
            }
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    /** Direct buffers by use, so that each step evaluates into the memory of the one before. */
    private static final class WeightBuffers {
        private final Map<String, FloatBuffer> buffers = new HashMap<>();

        FloatBuffer take(String use, long elements) {
            FloatBuffer known = buffers.get(use);
            if (known == null || known.capacity() < elements) {
                int bytes = Math.toIntExact(Math.multiplyExact(elements, Float.BYTES));
                known = ByteBuffer.allocateDirect(bytes)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
                buffers.put(use, known);
            }
            return known.clear().limit((int) elements);
        }
    }
}
