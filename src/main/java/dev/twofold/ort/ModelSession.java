package dev.twofold.ort;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.GraphNames;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An emitted model, loaded. One call runs one chunk of tokens on top of a {@link KvCache}. */
public final class ModelSession implements AutoCloseable {

    private final OrtEnvironment environment = Runtimes.environment();
    private final Path file;
    private final OrtSession session;
    /** Shape and type of each past input, by name. */
    private final Map<String, TensorInfo> pasts = new TreeMap<>();

    private ModelSession(Path file, OrtSession session) throws OrtException {
        this.file = file;
        this.session = session;
        for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
            if (input.getKey().startsWith(GraphNames.PAST)) {
                pasts.put(input.getKey(), (TensorInfo) input.getValue().getInfo());
            }
        }
    }

    /**
     * Loads {@code model.onnx} of an output directory.
     *
     * @param instead a serialized model to load in its place, which refers to the same external data
     * @throws TwofoldException of kind ENVIRONMENT if the provider is missing, of kind INPUT if the model is refused
     */
    public static ModelSession open(Path directory, Optional<byte[]> instead, Provider provider, int device) {
        Path file = directory.resolve(GraphNames.MODEL);
        if (!Files.isRegularFile(file)) {
            throw TwofoldException.input("the model is missing")
                    .at(Origin.file(file))
                    .hint("convert the checkpoint again");
        }
        try (SessionOptions options = Runtimes.options(provider, device)) {
            OrtEnvironment environment = Runtimes.environment();
            OrtSession session;
            if (instead.isPresent()) {
                options.addConfigEntry("session.model_external_initializers_file_folder_path", directory.toString());
                session = environment.createSession(instead.get(), options);
            } else {
                session = environment.createSession(file.toString(), options);
            }
            return new ModelSession(file, session);
        } catch (OrtException e) {
            TwofoldException failure = TwofoldException.input("ONNX Runtime does not load the model")
                    .at(Origin.file(file))
                    .found(Runtimes.reason(e))
                    .cause(e);
            if (provider == Provider.CPU && Runtimes.blamesModel(e)) {
                throw failure.hint("check the directory with 'twofold verify', or convert the checkpoint again");
            }
            throw failure.as(TwofoldException.Kind.ENVIRONMENT)
                    .hint("check memory and, with --provider cuda, --device-id");
        }
    }

    /** What a run yields: logits {@code [batch * sequence, vocabulary]} row-major, and the cache to go on with. */
    public record Output(float[] logits, int vocabulary, KvCache cache) {}

    /** A cache with no tokens in it. */
    public KvCache emptyCache(int batch) {
        try {
            Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, TensorInfo> past : pasts.entrySet()) {
                long[] shape = past.getValue().getShape().clone();
                shape[0] = batch;
                shape[2] = 0;
                tensors.put(past.getKey(), empty(past.getValue().type, shape));
            }
            return new KvCache(tensors);
        } catch (OrtException e) {
            throw failed(e);
        }
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
        try (past;
                OnnxTensor idTensor = OnnxTensor.createTensor(environment, ids);
                OnnxTensor maskTensor = OnnxTensor.createTensor(environment, mask)) {
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>(past.tensors());
            inputs.put(GraphNames.IDS, idTensor);
            inputs.put(GraphNames.MASK, maskTensor);
            // Its tensors are closed one by one: the logits here, the rest with the cache.
            OrtSession.Result result = session.run(inputs);
            try (OnnxTensor logits = (OnnxTensor) result.get(GraphNames.LOGITS).orElseThrow()) {
                float[] values = new float[Math.toIntExact(logits.getInfo().getNumElements())];
                logits.getFloatBuffer().get(values);
                int vocabulary = Math.toIntExact(logits.getInfo().getShape()[2]);
                return new Output(values, vocabulary, new KvCache(presents(result)));
            }
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    private Map<String, OnnxTensor> presents(OrtSession.Result result) {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        for (String past : pasts.keySet()) {
            String present = GraphNames.PRESENT + past.substring(GraphNames.PAST.length());
            tensors.put(past, (OnnxTensor) result.get(present).orElseThrow());
        }
        return tensors;
    }

    private TwofoldException failed(OrtException e) {
        return TwofoldException.environment("ONNX Runtime failed while running the model")
                .at(Origin.file(file))
                .found(Runtimes.reason(e))
                .cause(e);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw failed(e);
        }
    }
}
