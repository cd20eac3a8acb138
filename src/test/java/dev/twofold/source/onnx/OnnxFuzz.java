package dev.twofold.source.onnx;

import dev.twofold.fuzz.FuzzedDirectory;
import dev.twofold.fuzz.Promise;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Any bytes as a model file: refused, or tensors that lie in their files, and a decoder if the graph is one. */
public final class OnnxFuzz {

    private static final String NAME = "model.onnx";

    /** Room for the tensors of the seeds. */
    private static final long DATA = 4L << 20;

    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with(NAME, directory -> {
        try (RandomAccessFile data =
                new RandomAccessFile(directory.resolve(NAME + ".data").toFile(), "rw")) {
            data.setLength(DATA);
        }
    });

    private OnnxFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        Path file = DIRECTORY.holding(bytes).resolve(NAME);
        Promise.readOrRefuse(() -> ModelScan.read(file))
                .ifPresent(graph -> graph.tensors().values().forEach(tensor -> requireInside(tensor, bytes.length)));
        Promise.readOrRefuse(() -> new OnnxFormat().describe(file));
    }

    private static void requireInside(Tensor tensor, long length) {
        if (tensor.elements() instanceof Tensor.InFile place) {
            long end = place.file().endsWith(NAME) ? length : DATA;
            Promise.require(
                    place.offset() >= 0 && place.offset() + place.bytes() <= end, "a tensor ends past its file");
        }
    }
}
