package dev.twofold.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Float16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes safetensors files: well-formed ones from tensors, malformed ones from any header and data. */
public final class SafetensorsBuilder {

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Tensor(DType dtype, byte[] data, long[] shape) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private int padding;

    /** Adds a tensor, or replaces the one of that name; the numbers are rounded to the type. */
    public SafetensorsBuilder add(String name, DType dtype, float[] values, long... shape) {
        return addRaw(name, dtype, encode(dtype, values), shape);
    }

    public SafetensorsBuilder addRaw(String name, DType dtype, byte[] data, long... shape) {
        tensors.put(name, new Tensor(dtype, data, shape));
        return this;
    }

    /** Spaces after the header; they move the data, to an odd offset if need be. */
    public SafetensorsBuilder padding(int spaces) {
        padding = spaces;
        return this;
    }

    public byte[] bytes() {
        ObjectNode header = JSON.createObjectNode();
        int size = tensors.values().stream().mapToInt(t -> t.data().length).sum();
        ByteBuffer data = ByteBuffer.allocate(size);
        tensors.forEach((name, tensor) -> {
            ObjectNode entry = header.putObject(name);
            entry.put("dtype", tensor.dtype().name());
            entry.set("shape", JSON.valueToTree(tensor.shape()));
            entry.putArray("data_offsets").add(data.position()).add(data.position() + tensor.data().length);
            data.put(tensor.data());
        });
        return file(header + " ".repeat(padding), data.array());
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    /** Total bytes of the tensors, as an index states them. */
    public long dataBytes() {
        return tensors.values().stream().mapToLong(t -> t.data().length).sum();
    }

    /** A file with this header, whose length is told truly, and this data. */
    public static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, data);
    }

    /** A file that claims any header length. */
    public static byte[] file(long length, byte[] header, byte[] data) {
        return ByteBuffer.allocate(8 + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .put(data)
                .array();
    }

    /** Numbers in their stored form, element by element. */
    public static byte[] encode(DType dtype, float[] values) {
        ByteBuffer data = ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (dtype) {
                case F64 -> data.putDouble(value);
                case F32 -> data.putFloat(value);
                case F16 -> data.putShort(Float16.fromFloat(value));
                case BF16 -> data.putShort(BFloat16.fromFloat(value));
                default -> throw new IllegalArgumentException(dtype + " is not written by tests from floats");
            }
        }
        return data.array();
    }

    /** The numbers that a stored form denotes. */
    public static float[] decode(DType dtype, byte[] bytes) {
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.length / dtype.bytes()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (dtype) {
                case F32 -> data.getFloat();
                case F16 -> Float16.toFloat(data.getShort());
                case BF16 -> BFloat16.toFloat(data.getShort());
                default -> throw new IllegalArgumentException(dtype + " is not read by tests as floats");
            };
        }
        return values;
    }
}
