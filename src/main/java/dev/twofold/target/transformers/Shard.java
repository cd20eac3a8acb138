package dev.twofold.target.transformers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.stepwise.NamedWeight;
import dev.twofold.tensor.DType;
import dev.twofold.weight.WeightWriter.Placement;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One safetensors file: eight bytes that say how long its header is, the header, which says where each tensor is, and the
 * tensors one after the other.
 *
 * @param head the length and the header
 * @param placements offsets are from the file's beginning
 */
record Shard(String name, byte[] head, List<Placement> placements) {

    private static final int LENGTH_BYTES = 8;

    /** What the format's own writer aligns the data to. */
    private static final int ALIGNMENT = 8;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    Shard {
        head = head.clone();
        placements = List.copyOf(placements);
    }

    static Shard of(String name, List<NamedWeight> weights, DType dtype) {
        ObjectNode header = JsonNodeFactory.instance.objectNode();
        header.putObject("__metadata__").put("format", "pt");
        long end = 0;
        for (NamedWeight weight : weights) {
            ObjectNode entry = header.putObject(weight.name());
            entry.put("dtype", dtype.name());
            weight.weight().shape().dims().forEach(entry.putArray("shape")::add);
            long begin = end;
            end = begin + bytes(weight, dtype);
            entry.putArray("data_offsets").add(begin).add(end);
        }
        byte[] head = head(header);
        List<Placement> placements = new ArrayList<>();
        long offset = head.length;
        for (NamedWeight weight : weights) {
            placements.add(new Placement(weight.name(), weight.weight(), dtype, offset));
            offset += bytes(weight, dtype);
        }
        return new Shard(name, head, placements);
    }

    private static byte[] head(ObjectNode header) {
        byte[] text = json(header).getBytes(StandardCharsets.UTF_8);
        int length = (LENGTH_BYTES + text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - LENGTH_BYTES;
        ByteBuffer head = ByteBuffer.allocate(LENGTH_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(length).put(text);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        return head.array();
    }

    private static String json(ObjectNode node) {
        try {
            return MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that is no JSON", e);
        }
    }

    static long bytes(NamedWeight weight, DType dtype) {
        return weight.weight().shape().elements() * dtype.bytes();
    }

    /** Bytes of its tensors. */
    long dataBytes() {
        return placements.stream().mapToLong(Placement::bytes).sum();
    }

    /** Length of the file. */
    long fileBytes() {
        return head.length + dataBytes();
    }
}
