package dev.twofold.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes the header of a GGUF file of version 3: the metadata in the order in which it is given, and then the tensors. Whole
 * numbers are uint32 by themselves and int32 in lists, other numbers float32, which is what llama.cpp asks for.
 */
public final class HeaderWriter {

    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;

    /** What the data of every tensor begins at a multiple of, unless the metadata says otherwise. */
    public static final int ALIGNMENT = 32;

    private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
    private long keys;

    public HeaderWriter text(String key, String value) {
        begin(key, ValueType.STRING);
        text(metadata, value);
        return this;
    }

    /** @param value from 0 to 2^32 - 1 */
    public HeaderWriter whole(String key, long value) {
        begin(key, ValueType.UINT32);
        four(metadata, Math.toIntExact(value));
        return this;
    }

    public HeaderWriter real(String key, double value) {
        begin(key, ValueType.FLOAT32);
        four(metadata, Float.floatToRawIntBits((float) value));
        return this;
    }

    public HeaderWriter flag(String key, boolean value) {
        begin(key, ValueType.BOOL);
        metadata.write(value ? 1 : 0);
        return this;
    }

    public HeaderWriter texts(String key, List<String> values) {
        return list(key, ValueType.STRING, values, value -> text(metadata, value));
    }

    public HeaderWriter wholes(String key, List<Integer> values) {
        return list(key, ValueType.INT32, values, value -> four(metadata, value));
    }

    public HeaderWriter reals(String key, List<Float> values) {
        return list(key, ValueType.FLOAT32, values, value -> four(metadata, Float.floatToRawIntBits(value)));
    }

    public HeaderWriter flags(String key, List<Boolean> values) {
        return list(key, ValueType.BOOL, values, value -> metadata.write(value ? 1 : 0));
    }

    private <T> HeaderWriter list(String key, ValueType type, List<T> values, Consumer<T> write) {
        begin(key, ValueType.ARRAY);
        four(metadata, type.ordinal());
        eight(metadata, values.size());
        values.forEach(write);
        return this;
    }

    private void begin(String key, ValueType type) {
        keys++;
        text(metadata, key);
        four(metadata, type.ordinal());
    }

    /** The bytes of the file up to where the data begins. */
    public byte[] header(List<TensorEntry> tensors) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        four(bytes, MAGIC);
        four(bytes, VERSION);
        eight(bytes, tensors.size());
        eight(bytes, keys);
        bytes.writeBytes(metadata.toByteArray());
        tensors.forEach(tensor -> entry(bytes, tensor));
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(0);
        }
        return bytes.toByteArray();
    }

    /** Innermost extent first, as the format has it. */
    private static void entry(ByteArrayOutputStream bytes, TensorEntry tensor) {
        text(bytes, tensor.name());
        four(bytes, tensor.shape().rank());
        for (int i = tensor.shape().rank() - 1; i >= 0; i--) {
            eight(bytes, tensor.shape().dim(i));
        }
        four(bytes, tensor.type().number());
        eight(bytes, tensor.offset());
    }

    private static void text(ByteArrayOutputStream bytes, String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        eight(bytes, encoded.length);
        bytes.writeBytes(encoded);
    }

    private static void four(ByteArrayOutputStream bytes, int value) {
        bytes.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    private static void eight(ByteArrayOutputStream bytes, long value) {
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }
}
