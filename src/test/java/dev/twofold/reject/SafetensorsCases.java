package dev.twofold.reject;

import static dev.twofold.reject.Group.changed;
import static dev.twofold.reject.Group.damaged;
import static dev.twofold.reject.Group.replaced;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.twofold.reject.Case.Scene;
import dev.twofold.tensor.DType;
import dev.twofold.testing.SafetensorsBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Files that say they are safetensors. */
final class SafetensorsCases {

    private static final String FILE = "model.safetensors";
    private static final String FIELDS = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]";
    private static final String SOUND = "{\"w\":{" + FIELDS + "}}";
    private static final String AGAIN = "download";

    private SafetensorsCases() {}

    static List<Case> all() {
        Group group = new Group("safetensors");
        lengths(group);
        json(group);
        tensors(group);
        data(group);
        others(group);
        bombs(group);
        return group.cases();
    }

    private static void lengths(Group group) {
        group.rejects("an empty file", raw(), FILE, "too short", "0 bytes")
                .rejects("a file of 7 bytes", raw(1, 2, 3, 4, 5, 6, 7), FILE, "too short", "7 bytes")
                .rejects("a header past the end of the file", length(50_000_000), FILE, "a header of 50000000 bytes")
                .rejects("a header of 100,000,001 bytes", length(100_000_001), FILE, "out of range", "100000001")
                .rejects("a length with its top bit set", length(Long.MIN_VALUE | 20), FILE, "9223372036854775828")
                .rejects("a length of all ones", length(-1), FILE, "18446744073709551615")
                .rejects("a header of length zero", length(0), FILE, "out of range", "found:    0");
    }

    private static void json(Group group) {
        group.rejects(
                        "a header that is not UTF-8",
                        replaced(FILE, SafetensorsBuilder.file(3, new byte[] {'{', (byte) 0xff, '}'}, new byte[0])),
                        FILE,
                        "not UTF-8",
                        "byte at 9")
                .rejects("a header that is no JSON", header("{\"w\":{dtype:F32}}", 8), FILE, "not valid JSON", AGAIN)
                .rejects("a header cut short", header("{\"w\":{" + FIELDS, 8), FILE, "not valid JSON", AGAIN)
                .rejects("a header in UTF-16", encoded(), FILE, "not valid JSON", AGAIN)
                .rejects("a header, then garbage", header(SOUND + "x", 8), FILE, "not valid JSON", AGAIN)
                .rejects("a header, then another", header(SOUND + "{}", 8), FILE, "after the header's JSON", AGAIN)
                .rejects("a list", header("[]", 0), FILE, "not a JSON object", AGAIN)
                .rejects("a nesting bomb of lists", repeated("", 1_000_000, i -> "[", ""), FILE, "not a JSON object")
                .rejects(
                        "a nesting bomb in a tensor",
                        repeated("{\"w\":{\"shape\":", 1_000_000, i -> "[", ""),
                        "tensor w")
                .rejects(
                        "a nesting bomb in the metadata",
                        repeated("{\"__metadata__\":", 1_000_000, i -> "{\"a\":", ""),
                        FILE);
    }

    private static void tensors(Group group) {
        group.rejects("a tensor twice", header("{\"w\":{" + FIELDS + "},\"w\":{" + FIELDS + "}}", 8), FILE, "'w'")
                .rejects(
                        "a tensor twice, once escaped",
                        header("{\"w\":{" + FIELDS + "},\"\\u0077\":{" + FIELDS + "}}", 8),
                        FILE,
                        "'w'")
                .rejects("a field twice", header("{\"w\":{\"shape\":[2]," + FIELDS + "}}", 8), FILE, "'shape'")
                .rejects(
                        "an unknown field",
                        header("{\"w\":{\"strides\":[1]," + FIELDS + "}}", 8),
                        "tensor w",
                        "'strides'")
                .rejects(
                        "a missing field",
                        header("{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8),
                        "tensor w",
                        "data_offsets")
                .rejects("an unknown dtype", entry("F33", "[2]", "[0,8]", 8), "tensor w", "unknown dtype 'F33'", AGAIN)
                .rejects("a negative dimension", shape("[-2]"), "tensor w", "not -2")
                .rejects("a fractional dimension", shape("[2.5]"), "tensor w", "not 2.5")
                .rejects("a dimension with an exponent", shape("[2e0]"), "tensor w", "not 2e0")
                .rejects("a dimension of 2^63", shape("[9223372036854775808]"), "tensor w", "not 9223372036854775808")
                .rejects(
                        "dimensions whose product overflows", shape("[4611686018427387904,4]"), "tensor w", "overflows")
                .rejects(
                        "a dimension of a million digits",
                        repeated("{\"w\":{\"shape\":[", 1_000_000, i -> "9", ""),
                        FILE,
                        "JSON")
                .rejects("65 dimensions", shape("[" + "1,".repeat(64) + "2]"), "tensor w", "more than 64");
    }

    private static void data(Group group) {
        group.rejects("data that begins after its end", entry("F32", "[2]", "[8,0]", 8), "tensor w", "begin <= end")
                .rejects(
                        "a hole",
                        header("{" + bytes("a", 0, 2) + "," + bytes("b", 3, 4) + "}", 4),
                        "tensor b",
                        "hole",
                        "byte 3")
                .rejects(
                        "an overlap",
                        header("{" + bytes("a", 0, 3) + "," + bytes("b", 2, 4) + "}", 4),
                        "tensor b",
                        "overlaps",
                        "byte 2")
                .rejects("trailing bytes", header(SOUND, 9), FILE, "after the last tensor", "9 bytes", "8")
                .rejects("truncated data", header(SOUND, 7), "tensor w", "past the end of the file", "7 bytes", AGAIN)
                .rejects(
                        "a sound checkpoint without its last byte",
                        damaged(checkpoint -> {
                            byte[] bytes = Files.readAllBytes(checkpoint.resolve(FILE));
                            Files.write(checkpoint.resolve(FILE), Arrays.copyOf(bytes, bytes.length - 1));
                        }),
                        FILE,
                        "tensor lm_head.weight",
                        "truncated")
                .rejects(
                        "a size that does not match the shape",
                        shape("[3]"),
                        "tensor w",
                        "8 bytes",
                        "12.0 bytes for F32 [3]")
                .rejects(
                        "a packed tensor that ends within a byte",
                        entry("F4", "[3]", "[0,2]", 2),
                        "tensor w",
                        "1.5 bytes for F4 [3]")
                .rejects(
                        "metadata that is no string",
                        header("{\"__metadata__\":{\"step\":3}}", 0),
                        FILE,
                        "only strings",
                        AGAIN)
                .rejects(
                        "an empty tensor at bytes that another has",
                        header("{" + bytes("a", 0, 4) + "," + bytes("b", 2, 2) + "}", 4),
                        "tensor b",
                        "overlaps")
                .accepts(
                        "empty tensors where others meet",
                        changed(model -> model.raw(
                                        "model.layers.0.self_attn.rotary_emb.inv_freq", DType.F32, new byte[0], 0)
                                .raw("model.layers.1.self_attn.rotary_emb.inv_freq", DType.F32, new byte[0], 0, 5)));
    }

    private static void others(Group group) {
        group.rejects(
                        "a Git-LFS pointer",
                        replaced(FILE, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
                        FILE,
                        "Git-LFS pointer",
                        "git lfs pull")
                .rejects("a pickle", raw(0x80, 2, '}', 'q', 0, '(', 'X', 5, 0, 0, 0), FILE, "pickle", "convert it")
                .rejects(
                        "a newer pickle", raw(0x80, 4, 0x95, 9, 0, 0, 0, 0, 0, 0, 0, '}'), FILE, "pickle", "convert it")
                .rejects("a zip archive", replaced(FILE, zip()), FILE, "zip archive", "convert it")
                .rejects("an HTML page", replaced(FILE, "\n<!DOCTYPE html><html>404</html>"), FILE, "HTML page", AGAIN);
    }

    private static void bombs(Group group) {
        group.accepts("a header of 100,000 tensors", damaged(SafetensorsCases::addBuffers))
                .rejects(
                        "100 MB of tensors",
                        repeated("{", 1_700_000, SafetensorsCases::emptyTensor, "\"z\":1}"),
                        FILE,
                        "too many tensors",
                        "200000")
                .rejects(
                        "100 MB of long names",
                        repeated("{", 190_000, i -> bytes("n".repeat(450) + i, 0, 0) + ",", "\"z\":1}"),
                        FILE,
                        "too many tensors",
                        "40000000")
                .rejects(
                        "100 MB of metadata",
                        repeated("{\"__metadata__\":{", 7_000_000, i -> "\"" + i + "\":\"\",", "\"z\":\"\"}}"),
                        FILE,
                        "__metadata__",
                        "at most")
                .rejects("100 MB of one name", repeated("{\"", 9_900_000, i -> "long name ", "\":1}"), FILE, "JSON")
                .rejects(
                        "100 MB of one string",
                        repeated("{\"__metadata__\":{\"a\":\"", 9_900_000, i -> "long text ", "\"}}"),
                        "tensor model.embed_tokens.weight",
                        "missing")
                .rejects(
                        "100 MB of spaces",
                        repeated("", 9_900_000, i -> "          ", "{}"),
                        "tensor model.embed_tokens.weight",
                        "missing")
                .rejects("names that collide in a hash table", header(colliding(), 0), FILE, "the tensor is missing")
                .rejects(
                        "a name that would steer the terminal",
                        header("{\"\\u001b[2Jw\\u202e\\ud800\":{\"dtype\":\"F33\"}}", 0),
                        "tensor ?[2Jw??",
                        "F33")
                .rejects(
                        "a name of 5,000 characters",
                        header("{\"" + "n".repeat(5_000) + "\":1}", 0),
                        "tensor nnn",
                        "n...");
    }

    private static Scene raw(int... bytes) {
        byte[] file = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            file[i] = (byte) bytes[i];
        }
        return replaced(FILE, file);
    }

    /** A sound file but for the length it claims. */
    private static Scene length(long length) {
        return replaced(FILE, SafetensorsBuilder.file(length, utf8(SOUND), new byte[8]));
    }

    private static Scene header(String json, int dataBytes) {
        return replaced(FILE, SafetensorsBuilder.file(json, new byte[dataBytes]));
    }

    private static Scene encoded() {
        byte[] json = SOUND.getBytes(StandardCharsets.UTF_16LE);
        return replaced(FILE, SafetensorsBuilder.file(json.length, json, new byte[8]));
    }

    private static Scene entry(String dtype, String shape, String offsets, int dataBytes) {
        return header(
                "{\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                dataBytes);
    }

    private static Scene shape(String shape) {
        return entry("F32", shape, "[0,8]", 8);
    }

    private static String bytes(String name, int begin, int end) {
        return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + (end - begin) + "],\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    private static String emptyTensor(int i) {
        return bytes(Integer.toString(i), 0, 0) + ",";
    }

    /** A header that may be 100,000,000 bytes long. */
    private static Scene repeated(String start, int parts, IntFunction<String> part, String end) {
        return damaged(checkpoint -> new Repeated(start, parts, part, end).writeHeader(checkpoint.resolve(FILE)));
    }

    /** 2^14 names of equal hash in a table that multiplies by 33, and in one that multiplies by 31. */
    private static String colliding() {
        StringBuilder json = new StringBuilder("{");
        for (int[] twins : new int[][] {{'A' << 8 | 'a', 'B' << 8 | 'B'}, {'A' << 8 | 'b', 'B' << 8 | 'A'}}) {
            for (int i = 0; i < 1 << 13; i++) {
                StringBuilder name = new StringBuilder(twins[0] == ('A' << 8 | 'a') ? "x" : "y");
                for (int bit = 0; bit < 13; bit++) {
                    int twin = twins[i >> bit & 1];
                    name.append((char) (twin >> 8)).append((char) (twin & 255));
                }
                json.append(bytes(name.toString(), 0, 0)).append(',');
            }
        }
        return json.append(bytes("z", 0, 0)).append('}').toString();
    }

    /** Adds 100,000 tensors of a byte each, of a kind that old checkpoints store and nobody reads. */
    private static void addBuffers(Path checkpoint) throws IOException {
        int count = 100_000;
        ByteBuffer file =
                ByteBuffer.wrap(Files.readAllBytes(checkpoint.resolve(FILE))).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(file.getLong());
        int dataBytes = file.capacity() - 8 - length;
        StringBuilder json = new StringBuilder(count * 100).append(new String(file.array(), 8, length - 1, UTF_8));
        for (int i = 0; i < count; i++) {
            json.append(',').append(bytes(i + ".rotary_emb.inv_freq", dataBytes + i, dataBytes + i + 1));
        }
        byte[] data = Arrays.copyOfRange(file.array(), 8 + length, file.capacity() + count);
        Files.write(
                checkpoint.resolve(FILE),
                SafetensorsBuilder.file(json.append('}').toString(), data));
    }

    private static byte[] zip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write(new byte[100]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
