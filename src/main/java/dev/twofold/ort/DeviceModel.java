package dev.twofold.ort;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.Exchange;
import dev.twofold.execution.GraphNames;
import dev.twofold.execution.Segment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The model of one device, loaded: a single session, or one for each segment between two exchanges. */
final class DeviceModel implements AutoCloseable {

    /**
     * @param last values that nobody reads after this part
     */
    private record Part(OrtSession session, List<String> inputs, Optional<Exchange> then, Set<String> last) {}

    private final Path file;
    private final List<Part> parts;
    private final SortedMap<String, TensorInfo> pasts = new TreeMap<>();
    private final int routers;

    private DeviceModel(Path file, List<Part> parts) throws OrtException {
        this.file = file;
        this.parts = parts;
        this.routers = (int) parts.stream()
                .flatMap(part -> part.inputs().stream())
                .filter(name -> name.startsWith(GraphNames.ROUTING))
                .count();
        for (Part part : parts) {
            for (Map.Entry<String, NodeInfo> input :
                    part.session().getInputInfo().entrySet()) {
                if (input.getKey().startsWith(GraphNames.PAST)) {
                    pasts.put(input.getKey(), (TensorInfo) input.getValue().getInfo());
                }
            }
        }
    }

    /**
     * Loads a whole model.
     *
     * @param place its file, or the directory that has it as {@code model.onnx}
     * @param instead a serialized model to load in its place, which refers to the same external data
     * @throws TwofoldException of kind ENVIRONMENT if the provider is missing, of kind INPUT if the model is refused
     */
    static DeviceModel load(Path place, Optional<byte[]> instead, SessionSetup setup) {
        Path file = requireModel(place);
        try (SessionOptions options = Runtimes.options(setup)) {
            OrtSession session = instead.isPresent()
                    ? create(file, instead.get(), options)
                    : Runtimes.environment().createSession(file.toString(), options);
            List<String> inputs = List.copyOf(session.getInputNames());
            return new DeviceModel(file, List.of(new Part(session, inputs, Optional.empty(), Set.of())));
        } catch (OrtException e) {
            throw refused(file, setup.provider(), e);
        }
    }

    /** Loads a whole model, with what ONNX Runtime does written to a file whose name begins as given. */
    static DeviceModel profiled(Path place, SessionSetup setup, Path prefix) {
        Path file = requireModel(place);
        try (SessionOptions options = Runtimes.options(setup)) {
            options.enableProfiling(prefix.toString());
            OrtSession session = Runtimes.environment().createSession(file.toString(), options);
            List<String> inputs = List.copyOf(session.getInputNames());
            return new DeviceModel(file, List.of(new Part(session, inputs, Optional.empty(), Set.of())));
        } catch (OrtException e) {
            throw refused(file, setup.provider(), e);
        }
    }

    Path endProfiling() {
        try {
            return Path.of(parts.get(0).session().endProfiling());
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    /**
     * Loads the segments of one of several devices; on the CPU each device computes on one thread.
     *
     * @throws TwofoldException as {@link #load(Path, Optional, SessionSetup)}
     */
    static DeviceModel load(Path directory, List<Segment> segments, SessionSetup setup) {
        Path file = requireModel(directory);
        List<Part> parts = new ArrayList<>();
        try (SessionOptions options = Runtimes.options(setup)) {
            options.setIntraOpNumThreads(1);
            List<Set<String>> last = lastUses(segments);
            for (int i = 0; i < segments.size(); i++) {
                Segment segment = segments.get(i);
                OrtSession session = create(file, segment.model(), options);
                parts.add(new Part(session, segment.inputs(), segment.then(), last.get(i)));
            }
            return new DeviceModel(file, parts);
        } catch (OrtException e) {
            parts.forEach(part -> close(file, part.session()));
            throw refused(file, setup.provider(), e);
        } catch (RuntimeException e) {
            parts.forEach(part -> close(file, part.session()));
            throw e;
        }
    }

    private static Path requireModel(Path place) {
        Path file = GraphNames.file(place);
        if (!Files.isRegularFile(file)) {
            throw TwofoldException.input("the model is missing")
                    .at(Origin.file(file))
                    .hint("convert the checkpoint again");
        }
        return file;
    }

    /** A model in another form than it is shipped in is one that is looked at, and so computes as exactly as it can. */
    private static OrtSession create(Path file, byte[] model, SessionOptions options) throws OrtException {
        options.addConfigEntry("session.qdq_matmulnbits_accuracy_level", "1");
        options.addConfigEntry(
                "session.model_external_initializers_file_folder_path", String.valueOf(file.getParent()));
        return Runtimes.environment().createSession(model, options);
    }

    private static TwofoldException refused(Path file, Provider provider, OrtException e) {
        TwofoldException failure = TwofoldException.input("ONNX Runtime does not load the model")
                .at(Origin.file(file))
                .found(Runtimes.reason(e))
                .cause(e);
        if (provider.isCpu() && Runtimes.blamesModel(e)) {
            return failure.hint("check the directory with 'twofold verify', or convert the checkpoint again");
        }
        return failure.as(TwofoldException.Kind.ENVIRONMENT)
                .hint("check that there is enough memory and, with --provider cuda, that --device-id is right");
    }

    /** Of each segment, the values made by it or an earlier one that no later one reads; a cache is never among them. */
    private static List<Set<String>> lastUses(List<Segment> segments) {
        Map<String, Integer> lastReader = new HashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            for (String input : segments.get(i).inputs()) {
                lastReader.put(input, i);
            }
        }
        Set<String> made = new HashSet<>();
        List<Set<String>> last = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            int now = i;
            made.addAll(segments.get(i).outputs());
            last.add(new HashSet<>(made.stream()
                    .filter(value -> lastReader.getOrDefault(value, Integer.MAX_VALUE) <= now)
                    .toList()));
            made.removeAll(last.get(i));
            segments.get(i).then().map(Exchange::output).ifPresent(made::add);
        }
        return last;
    }

    /** How many routers there are that can be told what to choose. */
    int routers() {
        return routers;
    }

    /** Shape and type of each past input, by name. */
    SortedMap<String, TensorInfo> pasts() {
        return pasts;
    }

    /**
     * Runs the model.
     *
     * @param inputs the graph's, which stay the caller's
     * @param peers where values are exchanged with the other devices
     * @return the graph's outputs, which are the caller's from now on
     */
    Map<String, OnnxTensor> run(Map<String, OnnxTensor> inputs, Peers peers) throws OrtException {
        Map<String, OnnxTensor> made = new LinkedHashMap<>();
        try {
            for (Part part : parts) {
                run(part, inputs, made, peers);
            }
            return made;
        } catch (OrtException | RuntimeException e) {
            made.values().forEach(OnnxTensor::close);
            throw e;
        }
    }

    private static void run(Part part, Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> made, Peers peers)
            throws OrtException {
        Map<String, OnnxTensor> operands = new LinkedHashMap<>();
        for (String name : part.inputs()) {
            OnnxTensor known = made.get(name);
            operands.put(name, known == null ? inputs.get(name) : known);
        }
        // The result is not closed: its tensors are, one by one, when nobody needs them any more.
        OrtSession.Result result = part.session().run(operands);
        result.forEach(output -> made.put(output.getKey(), (OnnxTensor) output.getValue()));
        if (part.then().isPresent()) {
            Exchange exchange = part.then().get();
            try (OnnxTensor own = Objects.requireNonNull(made.remove(exchange.input()))) {
                made.put(exchange.output(), peers.exchange(exchange.kind(), own));
            }
        }
        for (String name : part.last()) {
            OnnxTensor unread = made.remove(name);
            if (unread != null) {
                unread.close();
            }
        }
    }

    TwofoldException failed(OrtException e) {
        return TwofoldException.environment("ONNX Runtime failed while running the model")
                .at(Origin.file(file))
                .found(Runtimes.reason(e))
                .cause(e);
    }

    private static void close(Path file, OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw TwofoldException.environment("ONNX Runtime failed while closing the model")
                    .at(Origin.file(file))
                    .found(Runtimes.reason(e))
                    .cause(e);
        }
    }

    @Override
    public void close() {
        parts.forEach(part -> close(file, part.session()));
    }
}
