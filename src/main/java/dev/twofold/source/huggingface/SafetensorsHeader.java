package dev.twofold.source.huggingface;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.JsonFailure;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Parses the JSON header of a safetensors file, stricter than the format's own library: no key twice, none unknown, and
 * no more of anything than fits a small heap.
 */
final class SafetensorsHeader {

    /** A tensor as the header declares it; offsets are bytes from the start of the data. */
    record Entry(String name, DType dtype, Shape shape, long begin, long end) {}

    // Names are not kept in a table of the parser's, which can be made slow with names of equal hash.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxNumberLength(40)
                    .build())
            .build();

    private static final int MAX_RANK = 64;

    /** The largest checkpoints have 150,000, in all their files together. */
    private static final int MAX_TENSORS = 200_000;

    private static final int MAX_METADATA = 10_000;

    /** Characters of all names together. */
    private static final int MAX_NAMES = 40_000_000;

    private final Path file;
    private final JsonParser parser;
    private final List<Entry> entries = new ArrayList<>();
    private int nameCharacters;

    private SafetensorsHeader(Path file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    /** @throws TwofoldException of kind INPUT that names the tensor and what is wrong with it */
    static List<Entry> parse(Path file, InputStream json) throws IOException {
        // Through a reader: from bytes, the parser would also take UTF-16, UTF-32 and a byte order mark.
        try (JsonParser parser = FACTORY.createParser(new InputStreamReader(json, StandardCharsets.UTF_8))) {
            SafetensorsHeader header = new SafetensorsHeader(file, parser);
            header.parse();
            return header.entries;
        } catch (JsonProcessingException e) {
            throw JsonFailure.of(file, "the header is ", e);
        }
    }

    private void parse() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw malformed("", "the header is not a JSON object");
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            if (name.equals("__metadata__")) {
                metadata();
            } else {
                nameCharacters += name.length();
                if (entries.size() == MAX_TENSORS || nameCharacters > MAX_NAMES) {
                    throw malformed("", "the header has too many tensors")
                            .expected("at most " + MAX_TENSORS + ", with names of " + MAX_NAMES + " characters in all");
                }
                entries.add(tensor(name));
            }
        }
        if (parser.nextToken() != null) {
            throw malformed("", "there is something after the header's JSON object");
        }
    }

    private void metadata() throws IOException {
        expect("", JsonToken.START_OBJECT, "__metadata__ should be an object of strings");
        for (int count = 0; parser.nextToken() != JsonToken.END_OBJECT; count++) {
            if (count == MAX_METADATA) {
                throw malformed("", "__metadata__ should hold at most " + MAX_METADATA + " strings");
            }
            expect("", JsonToken.VALUE_STRING, "__metadata__ should hold only strings");
        }
    }

    private Entry tensor(String name) throws IOException {
        expect(name, JsonToken.START_OBJECT, "its entry should be an object");
        @Nullable DType dtype = null;
        @Nullable List<Long> shape = null;
        @Nullable List<Long> offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            switch (key) {
                case "dtype" -> dtype = dtype(name);
                case "shape" -> shape = numbers(name, key);
                case "data_offsets" -> offsets = numbers(name, key);
                default -> throw malformed(name, "its entry has an unknown key '" + key + "'");
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            throw malformed(
                    name, "its entry lacks " + (dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw malformed(name, "data_offsets should be [begin, end] with begin <= end, not " + offsets);
        }
        return new Entry(name, dtype, new Shape(shape), offsets.get(0), offsets.get(1));
    }

    private DType dtype(String name) throws IOException {
        expect(name, JsonToken.VALUE_STRING, "dtype should be a string");
        Optional<DType> dtype = DType.named(parser.getText());
        return dtype.orElseThrow(() -> malformed(name, "unknown dtype '" + text() + "'"));
    }

    private String text() {
        try {
            return parser.getText();
        } catch (IOException e) {
            throw new IllegalStateException("the text was read before", e);
        }
    }

    private List<Long> numbers(String name, String key) throws IOException {
        expect(name, JsonToken.START_ARRAY, key + " should be an array");
        List<Long> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || parser.getText().startsWith("-")) {
                throw malformed(name, key + " should hold whole numbers from 0 to 2^63 - 1, not " + parser.getText());
            }
            numbers.add(parser.getLongValue());
            if (numbers.size() > MAX_RANK) {
                throw malformed(name, key + " has more than " + MAX_RANK + " numbers");
            }
        }
        return numbers;
    }

    private void expect(String name, JsonToken token, String otherwise) throws IOException {
        if (parser.nextToken() != token) {
            throw malformed(name, otherwise);
        }
    }

    private TwofoldException malformed(String tensor, String what) {
        return TwofoldException.input(what)
                .at(tensor.isEmpty() ? Origin.file(file) : Origin.tensor(file, tensor))
                .hint("download the file again");
    }
}
