package dev.twofold.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.execution.PlainGraphs;
import dev.twofold.execution.PlainGraphs.Feed;
import dev.twofold.execution.PlainGraphs.PlainGraph;
import dev.twofold.execution.StreamArchive;
import dev.twofold.weight.Weight;
import dev.twofold.weight.WeightEvaluator;
import dev.twofold.weight.Weights;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Runs plain graphs on ONNX Runtime. Sessions are kept by structure, since steps of one structure differ only in what
 * they are fed; weights are evaluated for one step at a time into {@link WeightBuffers}.
 */
public final class StepEngine implements DecoderEngine {

    /** So many tokens are summed in float32: more would lose bits, and fewer would spend their time on the sums. */
    private static final int PRODUCT_TOKENS = 2048;

    /** Of short windows, so many tokens run at once: a product with few rows spends its time on reading the matrix. */
    static final int BATCH_TOKENS = 512;

    /** Of a left factor in float64, so many elements are outside the heap at once. */
    private static final int PRODUCT_ELEMENTS = 8 << 20;

    /** Evaluated weights are kept in a part of the memory that Java may take, so that a small model is evaluated once. */
    private static final int KEPT_SHARE = 4;

    private final OrtEnvironment environment = Runtimes.environment();
    private final PlainGraphs graphs;
    private final WeightEvaluator evaluator;
    private final Provider provider;
    private final int device;
    private final Map<SessionKey, OrtSession> sessions = new HashMap<>();
    private final Lanes lanes;
    private final WeightBuffers buffers;
    /** Numbers of the heads that are open, whose weights must not be in the same buffers. */
    private final BitSet heads = new BitSet();

    public StepEngine(PlainGraphs graphs, WeightEvaluator evaluator, Provider provider, int device) {
        this(graphs, evaluator, provider, device, Runtime.getRuntime().maxMemory() / KEPT_SHARE);
    }

    /** @param kept bytes of evaluated weights to keep: none for a model that runs once */
    public StepEngine(PlainGraphs graphs, WeightEvaluator evaluator, Provider provider, int device, long kept) {
        this.graphs = graphs;
        this.evaluator = evaluator;
        this.provider = computing(provider);
        this.device = provider.isPlugin() ? 0 : device;
        this.lanes = Lanes.on(this.provider);
        this.buffers = new WeightBuffers(evaluator, kept);
    }

    /** What a reference is computed on: by kernels that are known, for those of a plugin are what it is to prove. */
    public static Provider computing(Provider asked) {
        return asked.isPlugin() ? Provider.CPU : asked;
    }

    Lanes lanes() {
        return lanes;
    }

    /** The version of ONNX Runtime, which decides the last bits of every result. */
    public static String runtimeVersion() {
        return Runtimes.environment().getVersion();
    }

    @Override
    public HiddenStates embed(Decoder decoder, List<int[]> windows) {
        int hidden = decoder.facts().hiddenSize();
        Map<Integer, float[]> rows = new HashMap<>();
        int longest = windows.stream().mapToInt(tokens -> tokens.length).max().orElse(0);
        Optional<float[]> positions = decoder.embedding()
                .positions()
                .map(table -> read(Weights.slice(
                        table, 0, 0, Math.min(longest, table.shape().dim(0)))));
        Optional<RowNorm> norm = decoder.embedding().norm().map(own -> RowNorm.of(own, this::read));
        List<float[]> streams = new ArrayList<>();
        for (int[] tokens : windows) {
            float[] stream = positions
                    .map(all -> Arrays.copyOf(all, tokens.length * hidden))
                    .orElseGet(() -> new float[tokens.length * hidden]);
            for (int i = 0; i < tokens.length; i++) {
                float[] row = rows.computeIfAbsent(tokens[i], token -> row(decoder, token));
                for (int channel = 0; channel < hidden; channel++) {
                    stream[i * hidden + channel] += row[channel];
                }
            }
            norm.ifPresent(each -> each.apply(stream));
            streams.add(stream);
        }
        return new HiddenStates(streams, hidden);
    }

    private float[] row(Decoder decoder, long token) {
        float[] row = read(Weights.slice(decoder.embedding().table(), 0, token, token + 1));
        float scale = (float) decoder.embedding().scale();
        for (int channel = 0; channel < row.length; channel++) {
            row[channel] *= scale;
        }
        return row;
    }

    @Override
    public HiddenStates apply(Decoder decoder, Step step, HiddenStates before) {
        return map(before, length -> graphs.step(decoder, step, length));
    }

    @Override
    public Peaks peaks(Decoder decoder, Step step, HiddenStates before) {
        List<float[]> after = new ArrayList<>();
        float[] largest = new float[step.branches().size()];
        for (int window = 0; window < before.windows().size(); window++) {
            PlainGraph graph = graphs.peaks(decoder, step, before.tokens(window));
            try (PlainModel loaded = load(graph, "step", Lanes.allThreads())) {
                List<float[]> outputs = loaded.outputs(before.windows().get(window), before.hidden());
                after.add(outputs.get(0));
                for (int i = 0; i < largest.length; i++) {
                    // Not a number is larger than any.
                    largest[i] = Math.max(largest[i], outputs.get(1)[i]);
                }
            }
        }
        List<Float> branches = new ArrayList<>();
        for (float peak : largest) {
            branches.add(peak);
        }
        return new Peaks(new HiddenStates(after, before.hidden()), branches);
    }

    @Override
    public HiddenStates inner(Decoder decoder, Branch branch, HiddenStates before) {
        return map(before, length -> graphs.inner(decoder, branch, length));
    }

    @Override
    public HiddenStates choices(Decoder decoder, Step step, HiddenStates before) {
        return map(before, length -> graphs.choices(decoder, step, length));
    }

    private HiddenStates map(HiddenStates before, IntFunction<PlainGraph> graph) {
        List<float[]> after = new ArrayList<>();
        Map<Integer, List<Integer>> byLength = new LinkedHashMap<>();
        for (int window = 0; window < before.windows().size(); window++) {
            byLength.computeIfAbsent(before.tokens(window), length -> new ArrayList<>())
                    .add(window);
            after.add(new float[0]);
        }
        byLength.forEach((length, windows) -> {
            List<List<Integer>> batches = lanes.batches(windows, Math.max(1, BATCH_TOKENS / length));
            try (PlainModel loaded = load(graph.apply(length), "step", lanes.threads(batches.size()))) {
                List<List<float[]>> results =
                        lanes.map(batches.size(), i -> loaded.windows(before.joined(batches.get(i)), length));
                for (int i = 0; i < results.size(); i++) {
                    for (int j = 0; j < batches.get(i).size(); j++) {
                        after.set(batches.get(i).get(j), results.get(i).get(j));
                    }
                }
            }
        });
        return new HiddenStates(after, after.get(0).length / before.tokens(0));
    }

    @Override
    public void addProduct(HiddenStates left, HiddenStates right, double[] sum) {
        try (PlainModel product = load(graphs.product(), "product", Lanes.allThreads())) {
            int from = 0;
            while (from < left.windows().size()) {
                int to = upTo(left, from);
                float[] values =
                        product.product(joined(left, from, to), left.hidden(), joined(right, from, to), right.hidden());
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += values[i];
                }
                from = to;
            }
        }
    }

    @Override
    public double[] multiply(double[] left, double[] right, int inner) {
        int rows = left.length / inner;
        int columns = right.length / inner;
        double[] product = new double[Math.multiplyExact(rows, columns)];
        int strip = Math.max(1, PRODUCT_ELEMENTS / inner);
        try (PlainModel loaded = load(graphs.multiplication(), "multiplication", Lanes.allThreads())) {
            for (int row = 0; row < rows; row += strip) {
                int count = Math.min(strip, rows - row);
                DoubleBuffer part =
                        DoubleBuffer.wrap(left, row * inner, count * inner).slice();
                loaded.multiply(part, inner, right, columns, product, row * columns);
            }
        }
        return product;
    }

    /** The end of as many windows as make up one product. */
    private static int upTo(HiddenStates states, int from) {
        int to = from + 1;
        int tokens = states.tokens(from);
        while (to < states.windows().size() && tokens + states.tokens(to) <= PRODUCT_TOKENS) {
            tokens += states.tokens(to);
            to++;
        }
        return to;
    }

    private static float[] joined(HiddenStates states, int from, int to) {
        return states.joined(IntStream.range(from, to).boxed().toList())
                .windows()
                .get(0);
    }

    @Override
    public float[] read(Weight weight) {
        float[] values = new float[Math.toIntExact(weight.shape().elements())];
        evaluator.read(weight, FloatBuffer.wrap(values));
        return values;
    }

    @Override
    public Head head(Decoder decoder) {
        int number = heads.nextClearBit(0);
        heads.set(number);
        return new ChunkedHead(this, graphs, decoder, ChunkedHead.CHUNK_BYTES, number, () -> heads.clear(number));
    }

    @Override
    public StreamArchive archive() {
        return SpilledStreams.create();
    }

    /**
     * Loads a model and its weights; those of a slot are lost when the slot is loaded again.
     *
     * @param threads that it may use for one run
     */
    PlainModel load(PlainGraph graph, String slot, int threads) {
        Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
        try {
            OrtSession session = session(graph.model(), threads);
            for (Feed feed : graph.feeds()) {
                FloatBuffer values = buffers.values(feed.weight(), slot + "/" + feed.name());
                feeds.put(feed.name(), OnnxTensor.createTensor(environment, values, shape(feed.weight())));
            }
            return new PlainModel(environment, session, feeds);
        } catch (OrtException e) {
            feeds.values().forEach(OnnxTensor::close);
            throw failed(e);
        }
    }

    private static long[] shape(Weight weight) {
        return weight.shape().dims().stream().mapToLong(Long::longValue).toArray();
    }

    private record SessionKey(ByteBuffer model, int threads) {}

    private OrtSession session(byte[] model, int threads) throws OrtException {
        SessionKey key = new SessionKey(ByteBuffer.wrap(model), threads);
        OrtSession known = sessions.get(key);
        if (known != null) {
            return known;
        }
        try (SessionOptions options = Runtimes.options(new SessionSetup(provider, device, Waiting.ASLEEP))) {
            options.setIntraOpNumThreads(threads);
            // The reference must not pass through the fusions it is there to check.
            options.setOptimizationLevel(SessionOptions.OptLevel.NO_OPT);
            OrtSession session = environment.createSession(model, options);
            sessions.put(key, session);
            return session;
        }
    }

    static TwofoldException failed(OrtException e) {
        return TwofoldException.environment("ONNX Runtime failed while running the reference")
                .found(Runtimes.reason(e))
                .cause(e);
    }

    @Override
    public void close() {
        lanes.close();
        try {
            for (OrtSession session : sessions.values()) {
                session.close();
            }
        } catch (OrtException e) {
            throw failed(e);
        }
    }
}
