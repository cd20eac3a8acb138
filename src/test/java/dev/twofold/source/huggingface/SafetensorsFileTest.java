package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.disk.MappedFiles;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.WeightEvaluator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {

    /** A file that must be refused, and what the message must say. */
    private record Bad(String name, byte[] bytes, String expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final String SOUND = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

    @TempDir
    private Path directory;

    private static Bad header(String name, String json, int dataBytes, String expected) {
        return new Bad(name, SafetensorsBuilder.file(json, new byte[dataBytes]), expected);
    }

    private static Bad length(String name, long length, String expected) {
        return new Bad(name, SafetensorsBuilder.file(length, utf8(SOUND), new byte[8]), expected);
    }

    /** A tensor with this shape, as JSON, and its offsets. */
    private static Bad shape(String name, String shape, String expected) {
        return header(name, "{\"w\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,8]}}", 8, expected);
    }

    private static Bad offsets(String name, String offsets, String expected) {
        return header(name, "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + offsets + "}}", 8, expected);
    }

    private static Bad raw(String name, byte[] bytes, String expected) {
        return new Bad(name, bytes, expected);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] encoded(String charset, String start) {
        byte[] json = (start + SOUND).getBytes(Charset.forName(charset));
        return SafetensorsBuilder.file(json.length, json, new byte[8]);
    }

    private static byte[] zip() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write(new byte[100]);
        }
        return bytes.toByteArray();
    }

    private static String entry(String name, int begin, int end) {
        return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + (end - begin) + "],\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    static Stream<Bad> badFiles() throws IOException {
        String entry = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
        byte[] sound = SafetensorsBuilder.file(SOUND, new byte[8]);
        return Stream.of(
                raw("empty", new byte[0], "too short"),
                raw("seven bytes", new byte[7], "too short"),
                length("header length zero", 0, "header length is out of range"),
                length("header length beyond the limit", 100_000_001, "header length is out of range"),
                length("header length past the end", SOUND.length() + 9, "past the end of the file"),
                length("header length past the end by far", 99_999_999, "past the end of the file"),
                length("header length with its top bit set", Long.MIN_VALUE | 20, "9223372036854775828"),
                length("header length of all ones", -1, "18446744073709551615"),
                length("header length too small", SOUND.length() - 1, "not valid JSON"),
                raw("not UTF-8", SafetensorsBuilder.file(3, new byte[] {'{', (byte) 0xff, '}'}, new byte[0]), "UTF-8"),
                raw(
                        "UTF-8 that ends within a character",
                        SafetensorsBuilder.file(3, new byte[] {'{', '}', (byte) 0xc3}, new byte[0]),
                        "UTF-8"),
                raw("UTF-16", encoded("UTF-16LE", ""), "not valid JSON"),
                raw("UTF-32", encoded("UTF-32BE", ""), "not valid JSON"),
                raw("byte order mark", encoded("UTF-8", "\uFEFF"), "not valid JSON"),
                header("no JSON", "hello", 0, "not valid JSON"),
                header("unclosed JSON", "{\"w\":" + entry, 8, "not valid JSON"),
                header("a list", "[]", 0, "not a JSON object"),
                header("nothing but spaces", "   ", 0, "not a JSON object"),
                header("JSON, then garbage", SOUND + "x", 8, "not valid JSON"),
                header("JSON, then JSON", SOUND + "{}", 8, "after the header's JSON object"),
                header("JSON, then a zero byte", SOUND + "\0", 8, "not valid JSON"),
                header(
                        "deep nesting of lists",
                        "{\"w\":" + "[".repeat(100_000),
                        0,
                        "tensor w: its entry should be an object"),
                header(
                        "deep nesting in a shape",
                        "{\"w\":{\"shape\":" + "[".repeat(100_000),
                        0,
                        "tensor w: shape should hold"),
                header(
                        "deep nesting of objects",
                        "{\"w\":".repeat(100_000),
                        0,
                        "tensor w: its entry has an unknown key"),
                header("a tensor twice", "{\"w\":" + entry + ",\"w\":" + entry + "}", 8, "'w'"),
                header("a tensor twice, once escaped", "{\"w\":" + entry + ",\"\\u0077\":" + entry + "}", 8, "'w'"),
                header(
                        "a key twice",
                        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "'shape'"),
                header(
                        "metadata twice",
                        "{\"__metadata__\":{},\"w\":" + entry + ",\"__metadata__\":{}}",
                        8,
                        "__metadata__"),
                header(
                        "an unknown key",
                        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"strides\":[1]}}",
                        8,
                        "unknown key 'strides'"),
                header("no dtype", "{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks dtype"),
                header("no shape", "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "lacks shape"),
                header("no offsets", "{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "lacks data_offsets"),
                header("a tensor that is a number", "{\"w\":8}", 8, "tensor w: its entry should be an object"),
                header(
                        "an unknown dtype",
                        "{\"w\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "unknown dtype 'F33'"),
                header(
                        "a dtype in small letters",
                        "{\"w\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "unknown dtype 'f32'"),
                header(
                        "a dtype that is null",
                        "{\"w\":{\"dtype\":null,\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "dtype should be a string"),
                shape("a negative extent", "[-2]", "not -2"),
                shape("a fractional extent", "[2.0]", "not 2.0"),
                shape("an extent with an exponent", "[2e0]", "not 2e0"),
                shape("an extent in quotes", "[\"2\"]", "tensor w: shape should hold whole numbers"),
                shape("an extent of 2^63", "[9223372036854775808]", "not 9223372036854775808"),
                shape("an extent of 50 digits", "[" + "9".repeat(50) + "]", "JSON beyond any bounds"),
                header(
                        "a negative zero",
                        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-0],\"data_offsets\":[0,0]}}",
                        0,
                        "not -0"),
                shape("a leading zero", "[02]", "not valid JSON"),
                shape("extents whose product overflows", "[4611686018427387904,4]", "tensor w: its shape overflows"),
                shape("a size in bits that overflows", "[2305843009213693952]", "tensor w: its shape overflows"),
                shape("a shape that is a number", "2", "shape should be an array"),
                shape("a shape that does not match", "[3]", "does not have the size of its shape"),
                shape("a shape of rank 65", "[" + "1,".repeat(64) + "2]", "more than 64"),
                offsets("begin after end", "[8,0]", "begin <= end"),
                offsets("three offsets", "[0,4,8]", "begin <= end"),
                offsets("one offset", "[8]", "begin <= end"),
                offsets("a negative offset", "[-8,0]", "not -8"),
                offsets("an offset of 2^63", "[0,9223372036854775808]", "not 9223372036854775808"),
                offsets("offsets near 2^63", "[9223372036854775799,9223372036854775807]", "hole"),
                offsets("data that is too short for the shape", "[0,4]", "8.0 bytes for F32 [2]"),
                header("a hole before the first tensor", "{" + entry("a", 1, 3) + "}", 3, "tensor a: there is a hole"),
                header("a hole", "{" + entry("a", 0, 2) + "," + entry("b", 3, 4) + "}", 4, "tensor b: there is a hole"),
                header(
                        "an overlap",
                        "{" + entry("a", 0, 3) + "," + entry("b", 2, 4) + "}",
                        4,
                        "tensor b: its data overlaps"),
                header("the same data twice", "{" + entry("a", 0, 3) + "," + entry("b", 0, 3) + "}", 3, "overlaps"),
                header("bytes after the last tensor", SOUND, 9, "bytes after the last tensor"),
                header("data without tensors", "{}", 1, "bytes after the last tensor"),
                header("truncated by one byte", SOUND, 7, "tensor w: its data ends past the end"),
                raw("truncated after the header", Arrays.copyOf(sound, sound.length - 8), "ends past the end"),
                raw("truncated in the header", Arrays.copyOf(sound, 30), "past the end of the file"),
                header("metadata that is no string", "{\"__metadata__\":{\"step\":3}}", 0, "only strings"),
                header("metadata that is nested", "{\"__metadata__\":{\"a\":{}}}", 0, "only strings"),
                header("metadata that is null", "{\"__metadata__\":null}", 0, "object of strings"),
                raw(
                        "a Git-LFS pointer",
                        utf8("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
                        "Git-LFS pointer"),
                raw("a pickle", pickle(2), "pickle"),
                raw("a newer pickle", pickle(5), "pickle"),
                raw("a short pickle", new byte[] {(byte) 0x80, 3, 'N', '.'}, "pickle"),
                raw("a zip archive", zip(), "zip archive"),
                raw("an HTML page", utf8("<!DOCTYPE html>\n<html><body>404</body></html>"), "HTML page"),
                raw("an HTML page after spaces", utf8("\n\n  <html lang='en'><body>404</body></html>"), "HTML page"));
    }

    private static byte[] pickle(int protocol) {
        byte[] bytes = new byte[200];
        byte[] start = {(byte) 0x80, (byte) protocol, '}', 'q', 0, '(', 'X', 5, 0, 0, 0};
        System.arraycopy(start, 0, bytes, 0, start.length);
        return bytes;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badFiles")
    void refuses(Bad bad) throws IOException {
        Path file = Files.write(directory.resolve("bad.safetensors"), bad.bytes());
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> SafetensorsFile.read(file));
        assertThat(e).as("accepted").isNotNull();
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        assertThat(e.getMessage()).startsWith(file.toString()).contains(bad.expected());
    }

    @Test
    void refuses_a_missing_file_and_a_directory() throws IOException {
        Path missing = directory.resolve("missing.safetensors");
        assertThat(catchThrowableOfType(TwofoldException.class, () -> SafetensorsFile.read(missing)))
                .hasMessageContaining(missing + ": the file is missing");
        Path folder = Files.createDirectory(directory.resolve("folder.safetensors"));
        assertThat(catchThrowableOfType(TwofoldException.class, () -> SafetensorsFile.read(folder)))
                .hasMessageContaining(folder + ": not a regular file");
    }

    @Test
    void accepts_a_header_whose_length_looks_like_the_start_of_a_pickle() throws IOException {
        int length = 0x0280;
        String json = SOUND + " ".repeat(length - SOUND.length());
        assertThat(read(SafetensorsBuilder.file(json, new byte[8]))).hasSize(1);
    }

    private List<Stored> read(byte[] bytes) throws IOException {
        return SafetensorsFile.read(Files.write(directory.resolve("good.safetensors"), bytes));
    }

    @Test
    void accepts_a_file_without_tensors() throws IOException {
        assertThat(read(SafetensorsBuilder.file("{}", new byte[0]))).isEmpty();
        assertThat(read(SafetensorsBuilder.file("{\"__metadata__\":{\"format\":\"pt\"}}", new byte[0])))
                .isEmpty();
    }

    @Test
    void accepts_scalars_and_tensors_of_size_zero_between_others() throws IOException {
        byte[] bytes = new SafetensorsBuilder()
                .add("none", DType.F32, new float[0], 0, 5)
                .add("scalar", DType.F32, new float[] {2.5f})
                .add("void", DType.BF16, new float[0], 3, 0)
                .add("pair", DType.F16, new float[] {1, 2}, 2)
                .add("end", DType.F32, new float[0], 0)
                .bytes();
        List<Stored> tensors = read(bytes);
        assertThat(tensors).extracting(Stored::name).containsExactlyInAnyOrder("none", "scalar", "void", "pair", "end");
        Stored scalar = tensors.stream()
                .filter(t -> t.name().equals("scalar"))
                .findFirst()
                .orElseThrow();
        assertThat(scalar.shape()).isEqualTo(Shape.of());
        try (MappedFiles files = new MappedFiles()) {
            assertThat(new WeightEvaluator(files).read(scalar)).containsExactly(2.5f);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 7})
    void reads_what_was_written_behind_any_padding(int padding) throws IOException {
        float[] values = {1, -2, 3.5f, 0.25f, -0f, 60000};
        byte[] bytes = new SafetensorsBuilder()
                .padding(padding)
                .add("a", DType.BF16, values, 3, 2)
                .add("b", DType.F16, values, 2, 3)
                .add("c", DType.F32, values, 6)
                .bytes();
        List<Stored> tensors = read(bytes);
        assertThat(tensors).extracting(Stored::name).containsExactly("a", "b", "c");
        assertThat(tensors).extracting(Stored::shape).containsExactly(Shape.of(3, 2), Shape.of(2, 3), Shape.of(6));
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            assertThat(evaluator.read(tensors.get(0))).containsExactly(1, -2, 3.5f, 0.25f, -0f, 59904);
            assertThat(evaluator.read(tensors.get(1))).containsExactly(values);
            assertThat(evaluator.read(tensors.get(2))).containsExactly(values);
        }
    }

    @Test
    void lists_tensors_in_the_order_of_their_data() throws IOException {
        String json = "{" + entry("late", 4, 6) + "," + entry("early", 0, 4) + "}";
        List<Stored> tensors = read(SafetensorsBuilder.file(json, new byte[6]));
        assertThat(tensors).extracting(Stored::name).containsExactly("early", "late");
        assertThat(tensors).extracting(Stored::offset).containsExactly(8L + json.length(), 8L + json.length() + 4);
    }

    @Test
    void accepts_types_that_are_no_weights_packed_ones_included() throws IOException {
        String json = "{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[8,10]}}";
        assertThat(read(SafetensorsBuilder.file(json, new byte[10])))
                .extracting(Stored::dtype)
                .containsExactly(DType.I64, DType.F4);
    }

    @Test
    void accepts_names_beyond_ascii() throws IOException {
        String json = "{" + entry("größe\\n\uD83E\uDD99", 0, 1) + "}";
        assertThat(read(SafetensorsBuilder.file(json, new byte[1])))
                .extracting(Stored::name)
                .containsExactly("größe\n\uD83E\uDD99");
    }

    @Test
    void accepts_a_header_of_100_000_tensors() throws IOException {
        StringBuilder json = new StringBuilder("{");
        IntStream.range(0, 100_000)
                .forEach(i -> json.append(i == 0 ? "" : ",").append(entry("model.layers.tensor" + i, i, i + 1)));
        List<Stored> tensors = read(SafetensorsBuilder.file(json + "}", new byte[100_000]));
        assertThat(tensors).hasSize(100_000);
        assertThat(tensors.get(99_999).name()).isEqualTo("model.layers.tensor99999");
    }
}
