package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.tensor.BFloat16;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The tensors of well-formed safetensors files, for tests that must not depend on our own reader. */
public final class StoredTensors {

    private record Entry(ByteBuffer data, String dtype, long[] shape, int begin) {}

    private final Map<String, Entry> entries = new HashMap<>();

    /** Every safetensors file of a directory. */
    public static StoredTensors of(Path directory) throws IOException {
        StoredTensors tensors = new StoredTensors();
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> parts = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .toList();
            for (Path part : parts) {
                tensors.add(ByteBuffer.wrap(Files.readAllBytes(part)));
            }
        }
        return tensors;
    }

    /** The tensors of one file's content. */
    public static StoredTensors of(byte[] content) throws IOException {
        StoredTensors tensors = new StoredTensors();
        tensors.add(ByteBuffer.wrap(content));
        return tensors;
    }

    private void add(ByteBuffer file) throws IOException {
        byte[] json =
                new byte[Math.toIntExact(file.order(ByteOrder.LITTLE_ENDIAN).getLong())];
        file.get(json);
        ByteBuffer data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (Map.Entry<String, JsonNode> field :
                new ObjectMapper().readTree(json).properties()) {
            if (!field.getKey().equals("__metadata__")) {
                JsonNode shape = field.getValue().get("shape");
                long[] dims = new long[shape.size()];
                for (int i = 0; i < dims.length; i++) {
                    dims[i] = shape.get(i).asLong();
                }
                int begin = field.getValue().get("data_offsets").get(0).asInt();
                String dtype = field.getValue().get("dtype").asText();
                entries.put(field.getKey(), new Entry(data, dtype, dims, begin));
            }
        }
    }

    public boolean has(String name) {
        return entries.containsKey(name);
    }

    public long[] shape(String name) {
        return entries.get(name).shape().clone();
    }

    /** A row of a matrix, or the whole of a vector or of a number. */
    public double[] row(String name, int row) {
        long[] shape = entries.get(name).shape();
        double[] values = new double[shape.length == 0 ? 1 : (int) shape[shape.length - 1]];
        for (int i = 0; i < values.length; i++) {
            values[i] = number(entries.get(name), row * values.length + i);
        }
        return values;
    }

    /** All elements as they are stored. */
    public float[] floats(String name) {
        Entry entry = entries.get(name);
        int count = 1;
        for (long extent : entry.shape()) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = number(entry, i);
        }
        return values;
    }

    /** A tensor of bytes. */
    public byte[] bytes(String name) {
        Entry entry = entries.get(name);
        byte[] values = new byte[Math.toIntExact(Shape.of(entry.shape()).elements())];
        entry.data().get(entry.begin(), values);
        return values;
    }

    /** A matrix of token ids. */
    public long[][] ids(String name) {
        Entry entry = entries.get(name);
        long[][] ids = new long[(int) entry.shape()[0]][(int) entry.shape()[1]];
        for (int row = 0; row < ids.length; row++) {
            for (int i = 0; i < ids[row].length; i++) {
                ids[row][i] = entry.data().getLong(entry.begin() + 8 * (row * ids[row].length + i));
            }
        }
        return ids;
    }

    private static float number(Entry entry, int index) {
        return switch (entry.dtype()) {
            case "F32" -> entry.data().getFloat(entry.begin() + 4 * index);
            case "F16" -> Float16.toFloat(entry.data().getShort(entry.begin() + 2 * index));
            case "BF16" -> BFloat16.toFloat(entry.data().getShort(entry.begin() + 2 * index));
            default -> throw new IllegalArgumentException(entry.dtype());
        };
    }
}
