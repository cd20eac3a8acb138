package dev.twofold.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Writes GGUF files: a sound Llama of one layer as it is, and any other by what is changed. Counts, lengths and offsets can
 * be lies.
 */
public final class GgufBuilder {

    /** Numbers of value types. */
    public static final int UINT32 = 4;

    public static final int INT32 = 5;
    public static final int FLOAT32 = 6;
    public static final int BOOL = 7;
    public static final int STRING = 8;
    public static final int ARRAY = 9;
    public static final int UINT64 = 10;

    /** The offset of a tensor that lies behind the one before. */
    public static final long FOLLOWING = -1;

    private static final int HIDDEN = 32;
    private static final int WIDTH = 64;
    private static final int ALIGNMENT = 32;

    /**
     * A tensor's entry, and its data.
     *
     * @param dims as files have them, the fastest first
     * @param offset from the start of the data, or {@link #FOLLOWING}
     */
    private record Tensor(long[] dims, int type, long offset, byte[] data) {}

    private final Map<String, byte[]> values = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final ByteArrayOutputStream more = new ByteArrayOutputStream();
    private int magic = 0x46554747;
    private int version = 3;
    private OptionalLong keys = OptionalLong.empty();
    private OptionalLong count = OptionalLong.empty();
    private int extraKeys;
    private int cut;

    private GgufBuilder() {}

    /** A file of nothing. */
    public static GgufBuilder empty() {
        return new GgufBuilder();
    }

    /** A Llama of one layer, hidden size 32, two heads of 16, and 16 tokens. */
    public static GgufBuilder llama() {
        GgufBuilder file = new GgufBuilder();
        Random random = new Random(1);
        file.text("general.architecture", "llama");
        file.number("llama.block_count", 1).number("llama.context_length", 64);
        file.number("llama.embedding_length", HIDDEN).number("llama.feed_forward_length", WIDTH);
        file.number("llama.attention.head_count", 2).number("llama.attention.head_count_kv", 1);
        file.real("llama.attention.layer_norm_rms_epsilon", 1e-5f).real("llama.rope.freq_base", 10000f);
        file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
        file.texts("tokenizer.ggml.tokens", tokens());
        file.texts("tokenizer.ggml.merges", List.of("a b", "ab c"));
        file.number("tokenizer.ggml.bos_token_id", 0).number("tokenizer.ggml.eos_token_id", 1);
        file.matrix("token_embd.weight", 16, HIDDEN, random);
        file.matrix("blk.0.attn_q.weight", HIDDEN, HIDDEN, random);
        file.matrix("blk.0.attn_k.weight", HIDDEN / 2, HIDDEN, random);
        file.matrix("blk.0.attn_v.weight", HIDDEN / 2, HIDDEN, random);
        file.matrix("blk.0.attn_output.weight", HIDDEN, HIDDEN, random);
        file.matrix("blk.0.ffn_gate.weight", WIDTH, HIDDEN, random);
        file.matrix("blk.0.ffn_up.weight", WIDTH, HIDDEN, random);
        file.matrix("blk.0.ffn_down.weight", HIDDEN, WIDTH, random);
        for (String norm : List.of("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight")) {
            file.tensor(norm, 0, floats(HIDDEN, random), HIDDEN);
        }
        return file;
    }

    /** Two that are special, nine that are characters, and those that merges make. */
    private static List<String> tokens() {
        return List.of("<s>", "</s>", "a", "b", "c", "d", "e", "f", "g", "h", "i", "ab", "abc", "j", "k", "l");
    }

    private void matrix(String name, int rows, int columns, Random random) {
        tensor(name, 0, floats(rows * columns, random), columns, rows);
    }

    private static byte[] floats(int count, Random random) {
        ByteBuffer data = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            data.putFloat((float) random.nextGaussian() / 4);
        }
        return data.array();
    }

    public GgufBuilder text(String key, String text) {
        return value(key, STRING, string(text));
    }

    public GgufBuilder texts(String key, List<String> texts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        texts.forEach(text -> all.writeBytes(string(text)));
        return list(key, STRING, texts.size(), all.toByteArray());
    }

    public GgufBuilder number(String key, long number) {
        return value(key, UINT32, four((int) number));
    }

    public GgufBuilder real(String key, float number) {
        return value(key, FLOAT32, four(Float.floatToRawIntBits(number)));
    }

    public GgufBuilder flag(String key, int value) {
        return value(key, BOOL, new byte[] {(byte) value});
    }

    /** A list that claims any length. */
    public GgufBuilder list(String key, int type, long length, byte[] content) {
        return value(key, ARRAY, joined(four(type), eight(length), content));
    }

    /** A value of any type, sound or not. */
    public GgufBuilder value(String key, int type, byte[] content) {
        values.put(key, joined(four(type), content));
        return this;
    }

    /** The same key once more, with the value it has. */
    public GgufBuilder twice(String key) {
        more.writeBytes(joined(string(key), values.get(key)));
        extraKeys++;
        return this;
    }

    public GgufBuilder without(String name) {
        values.remove(name);
        tensors.remove(name);
        return this;
    }

    /** A tensor behind those before it. */
    public GgufBuilder tensor(String name, int type, byte[] data, long... dims) {
        tensors.put(name, new Tensor(dims, type, FOLLOWING, data));
        return this;
    }

    /** What a tensor's entry says, whatever its data is. */
    public GgufBuilder entry(String name, int type, long offset, long... dims) {
        Tensor old = tensors.get(name);
        tensors.put(name, new Tensor(dims, type, offset, old == null ? new byte[0] : old.data()));
        return this;
    }

    public GgufBuilder magic(int other) {
        magic = other;
        return this;
    }

    public GgufBuilder version(int other) {
        version = other;
        return this;
    }

    /** Claims a number of keys. */
    public GgufBuilder keys(long claimed) {
        keys = OptionalLong.of(claimed);
        return this;
    }

    /** Claims a number of tensors. */
    public GgufBuilder count(long claimed) {
        count = OptionalLong.of(claimed);
        return this;
    }

    /** Without so many of its last bytes. */
    public GgufBuilder cut(int bytes) {
        cut = bytes;
        return this;
    }

    public byte[] bytes() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(four(magic));
        file.writeBytes(four(version));
        file.writeBytes(eight(count.orElse(tensors.size())));
        file.writeBytes(eight(keys.orElse(values.size() + extraKeys)));
        values.forEach((key, value) -> file.writeBytes(joined(string(key), value)));
        file.writeBytes(more.toByteArray());
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        tensors.forEach((name, tensor) -> {
            file.writeBytes(joined(string(name), four(tensor.dims().length)));
            for (long dim : tensor.dims()) {
                file.writeBytes(eight(dim));
            }
            file.writeBytes(
                    joined(four(tensor.type()), eight(tensor.offset() == FOLLOWING ? data.size() : tensor.offset())));
            data.writeBytes(tensor.data());
            pad(data);
        });
        pad(file);
        file.writeBytes(data.toByteArray());
        byte[] whole = file.toByteArray();
        return Arrays.copyOf(whole, whole.length - cut);
    }

    private static void pad(ByteArrayOutputStream bytes) {
        bytes.writeBytes(new byte[(ALIGNMENT - bytes.size() % ALIGNMENT) % ALIGNMENT]);
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    public static byte[] four(int number) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array();
    }

    public static byte[] eight(long number) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array();
    }

    /** A text after its length. */
    public static byte[] string(String text) {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        return joined(eight(content.length), content);
    }

    public static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
