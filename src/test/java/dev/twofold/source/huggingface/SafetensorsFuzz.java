package dev.twofold.source.huggingface;

import dev.twofold.fuzz.FuzzedDirectory;
import dev.twofold.fuzz.Promise;
import dev.twofold.weight.Weight.Stored;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** Any bytes as a safetensors file: refused, or tensors of different names that tile the data without hole or rest. */
public final class SafetensorsFuzz {

    private static final String NAME = "model.safetensors";
    private static final FuzzedDirectory DIRECTORY = FuzzedDirectory.with(NAME, directory -> {});

    private SafetensorsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Path file = DIRECTORY.holding(data).resolve(NAME);
        Promise.readOrRefuse(() -> SafetensorsFile.read(file)).ifPresent(tensors -> requireTiling(tensors, data));
    }

    private static void requireTiling(List<Stored> tensors, byte[] data) {
        long position = 8 + ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        for (Stored tensor : tensors) {
            Promise.require(tensor.offset() == position, "tensors do not follow one another");
            long bits = Math.multiplyExact(
                    tensor.shape().elements(), (long) tensor.dtype().bits());
            Promise.require(bits % 8 == 0, "a tensor ends within a byte");
            position += bits / 8;
        }
        Promise.require(position == data.length, "the tensors do not reach the end of the file");
        long names = tensors.stream().map(Stored::name).distinct().count();
        Promise.require(names == tensors.size(), "two tensors of one name");
    }
}
