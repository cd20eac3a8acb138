package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Logits of novels-13m from an independent float32 implementation. */
public final class Goldens {

    private final ByteBuffer data;
    private final JsonNode header;

    private Goldens(ByteBuffer data, JsonNode header) {
        this.data = data;
        this.header = header;
    }

    public static Goldens load() {
        try (InputStream in = Goldens.class.getResourceAsStream("/goldens/novels-13m.safetensors")) {
            ByteBuffer file = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(file.getLong());
            byte[] json = new byte[length];
            file.get(json);
            return new Goldens(file.slice().order(ByteOrder.LITTLE_ENDIAN), new ObjectMapper().readTree(json));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The tokens that every golden was computed on, {@code [rows][length]}. */
    public long[][] tokens() {
        JsonNode entry = header.get("tokens");
        int rows = entry.get("shape").get(0).asInt();
        int length = entry.get("shape").get(1).asInt();
        int at = entry.get("data_offsets").get(0).asInt();
        long[][] tokens = new long[rows][length];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < length; i++) {
                tokens[row][i] = data.getLong(at + 8 * (row * length + i));
            }
        }
        return tokens;
    }

    /** The logits of a plan, {@code [rows * length * vocabulary]}. */
    public float[] logits(String plan) {
        JsonNode offsets = header.get(plan).get("data_offsets");
        int from = offsets.get(0).asInt();
        float[] logits = new float[(offsets.get(1).asInt() - from) / 4];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = data.getFloat(from + 4 * i);
        }
        return logits;
    }
}
