package dev.twofold.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.GraphNames;
import dev.twofold.execution.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * An emitted model, loaded, on one device or on several. One call runs one chunk of tokens on top of a {@link KvCache}.
 *
 * <p>Several devices are threads of this process, or GPUs of this machine, that exchange values through its memory: it
 * serves to prove a sharded model and to compare sharded models, not to serve one.
 */
public final class ModelSession implements AutoCloseable {

    private final OrtEnvironment environment = Runtimes.environment();
    private final List<DeviceModel> devices;
    private final DeviceThreads threads;

    private ModelSession(List<DeviceModel> devices) {
        this.devices = devices;
        this.threads = new DeviceThreads(devices.size());
    }

    /**
     * A device of a sharded model.
     *
     * @param directory holds its {@code model.onnx}
     * @param segments the model between the exchanges
     */
    public record Device(Path directory, List<Segment> segments) {
        public Device {
            segments = List.copyOf(segments);
        }
    }

    /**
     * Loads a model of an output.
     *
     * @param place its file, or the directory that has it as {@code model.onnx}
     * @param instead a serialized model to load in its place, which refers to the same external data
     * @throws TwofoldException of kind ENVIRONMENT if the provider is missing, of kind INPUT if the model is refused
     */
    public static ModelSession open(Path place, Optional<byte[]> instead, SessionSetup setup) {
        return new ModelSession(List.of(DeviceModel.load(place, instead, setup)));
    }

    /** The same, with what ONNX Runtime does written to a file whose name begins as given. */
    static ModelSession profiled(Path place, SessionSetup setup, Path prefix) {
        return new ModelSession(List.of(DeviceModel.profiled(place, setup, prefix)));
    }

    /** Ends what {@link #profiled} began, and returns its file. */
    Path endProfiling() {
        return devices.get(0).endProfiling();
    }

    /**
     * Loads a sharded model.
     *
     * @param ranks every device, in order
     * @param setup its device is that of rank 0; the others have those after it
     * @throws TwofoldException of kind ENVIRONMENT if the provider is missing, of kind INPUT if a model is refused
     */
    public static ModelSession open(List<Device> ranks, SessionSetup setup) {
        List<DeviceModel> loaded = new ArrayList<>();
        try {
            for (Device rank : ranks) {
                int own = setup.device() + loaded.size();
                loaded.add(DeviceModel.load(rank.directory(), rank.segments(), setup.onDevice(own)));
            }
            return new ModelSession(loaded);
        } catch (RuntimeException e) {
            loaded.forEach(DeviceModel::close);
            throw e;
        }
    }

    /**
     * What a run yields.
     *
     * @param logits {@code [batch * sequence, vocabulary]} row-major
     * @param cache to go on with
     * @param choices of its routers, if the model was loaded so that they can be told what to choose
     */
    public record Output(float[] logits, int vocabulary, KvCache cache, List<Routing.Choice> choices) {

        /**
         * @param from the first logit to look at
         * @throws TwofoldException of kind INPUT if a logit is no finite number
         */
        void requireFinite(int from) {
            for (int i = from; i < logits.length; i++) {
                if (!Float.isFinite(logits[i])) {
                    throw TwofoldException.input("the model computes logits that are no finite numbers")
                            .found(logits[i] + " for token " + i % vocabulary)
                            .hint(
                                    "if it is an fp16 model, its activations may be beyond fp16: convert with --dtype bf16 or"
                                            + " fp32; else look for weights that are no finite numbers");
                }
            }
        }
    }

    /** A cache with no tokens in it. */
    public KvCache emptyCache(int batch) {
        List<Map<String, OnnxTensor>> caches = new ArrayList<>();
        for (DeviceModel device : devices) {
            Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
            caches.add(tensors);
            try {
                for (Map.Entry<String, TensorInfo> past : device.pasts().entrySet()) {
                    long[] shape = past.getValue().getShape().clone();
                    shape[0] = batch;
                    shape[2] = 0;
                    tensors.put(past.getKey(), empty(past.getValue().type, shape));
                }
            } catch (OrtException e) {
                throw device.failed(e);
            }
        }
        return new KvCache(caches);
    }

    private OnnxTensor empty(OnnxJavaType type, long[] shape) throws OrtException {
        ByteBuffer nothing = ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
        return OnnxTensor.createTensor(environment, nothing, shape, type);
    }

    /**
     * Runs a chunk of tokens. The past is closed; the cache of the output takes its place.
     *
     * @param ids {@code [batch][sequence]}
     * @param mask {@code [batch][past + sequence]}, 1 where a token is attended to, 0 where it is padding on the right
     */
    public Output run(long[][] ids, long[][] mask, KvCache past) {
        return run(ids, mask, past, List.of());
    }

    /**
     * The same of one row, by experts that are given.
     *
     * @param routing of each router, the experts to choose, {@code [sequence, chosen]}; empty if the model chooses by itself
     */
    Output run(long[][] ids, long[][] mask, KvCache past, List<long[]> routing) {
        try (past) {
            List<Map<String, OnnxTensor>> outputs = threads.run(
                    (rank, peers) -> run(devices.get(rank), ids, mask, past.of(rank), peers, routing),
                    unwanted -> unwanted.values().forEach(OnnxTensor::close));
            List<Routing.Choice> choices = choices(outputs.get(0));
            List<OnnxTensor> logits = outputs.stream()
                    .map(output -> output.remove(GraphNames.LOGITS))
                    .toList();
            try {
                return output(logits.get(0), outputs, choices);
            } finally {
                logits.forEach(OnnxTensor::close);
            }
        }
    }

    private Map<String, OnnxTensor> run(
            DeviceModel device,
            long[][] ids,
            long[][] mask,
            Map<String, OnnxTensor> past,
            Peers peers,
            List<long[]> routing) {
        Map<String, OnnxTensor> given = new LinkedHashMap<>();
        try (OnnxTensor idTensor = OnnxTensor.createTensor(environment, ids);
                OnnxTensor maskTensor = OnnxTensor.createTensor(environment, mask)) {
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>(past);
            inputs.put(GraphNames.IDS, idTensor);
            inputs.put(GraphNames.MASK, maskTensor);
            for (int router = 0; router < device.routers(); router++) {
                given.put(GraphNames.routing(router).given(), given(routing, router, ids[0].length));
            }
            inputs.putAll(given);
            return device.run(inputs, peers);
        } catch (OrtException e) {
            throw device.failed(e);
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor given(List<long[]> routing, int router, int tokens) throws OrtException {
        boolean free = routing.isEmpty();
        long[] experts = free ? new long[] {-1} : routing.get(router);
        long[] shape = {1, free ? 1 : tokens, free ? 1 : experts.length / tokens};
        return OnnxTensor.createTensor(environment, LongBuffer.wrap(experts), shape);
    }

    /** Takes what routers say out of outputs. */
    private static List<Routing.Choice> choices(Map<String, OnnxTensor> outputs) {
        List<Routing.Choice> choices = new ArrayList<>();
        for (int router = 0; outputs.containsKey(GraphNames.routing(router).own()); router++) {
            GraphNames.Routing names = GraphNames.routing(router);
            choices.add(new Routing.Choice(taken(outputs, names.own()), taken(outputs, names.scores())));
        }
        return choices;
    }

    private static float[] taken(Map<String, OnnxTensor> outputs, String name) {
        try (OnnxTensor tensor = Objects.requireNonNull(outputs.remove(name))) {
            return floats(tensor);
        }
    }

    private static float[] floats(OnnxTensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.getInfo().getNumElements())];
        tensor.getFloatBuffer().get(values);
        return values;
    }

    /** Every device has all logits; the first one's are taken. */
    private Output output(OnnxTensor logits, List<Map<String, OnnxTensor>> presents, List<Routing.Choice> choices) {
        float[] values = floats(logits);
        int vocabulary = Math.toIntExact(logits.getInfo().getShape()[2]);
        List<Map<String, OnnxTensor>> pasts = IntStream.range(0, devices.size())
                .mapToObj(rank -> pasts(devices.get(rank), presents.get(rank)))
                .toList();
        return new Output(values, vocabulary, new KvCache(pasts), choices);
    }

    private static Map<String, OnnxTensor> pasts(DeviceModel device, Map<String, OnnxTensor> presents) {
        Map<String, OnnxTensor> pasts = new LinkedHashMap<>();
        for (String past : device.pasts().keySet()) {
            String present = GraphNames.PRESENT + past.substring(GraphNames.PAST.length());
            pasts.put(past, presents.get(present));
        }
        return pasts;
    }

    /** Seconds that a device has spent so far exchanging values with others, waiting for them included, in the mean. */
    public double exchangeSeconds() {
        return threads.exchangeSeconds();
    }

    @Override
    public void close() {
        threads.close();
        devices.forEach(DeviceModel::close);
    }
}
