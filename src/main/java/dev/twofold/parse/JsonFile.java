package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a JSON object from a file of a stranger: bounded in size and depth, no key twice, nothing after the end. */
public final class JsonFile {

    /** An index of 100,000 tensors is about 10 MB. */
    private static final long MAX_BYTES = 32L << 20;

    private static final int MAX_DEPTH = 64;

    /** An index of 100,000 tensors has 200,000. */
    private static final int MAX_TOKENS = 400_000;

    private static final int MAX_STRING = 1_000_000;

    /** Editors of Windows begin files with it. */
    private static final char BYTE_ORDER_MARK = '\ufeff';

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    // Python writes and reads Infinity and NaN.
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxTokenCount(MAX_TOKENS)
                            .maxStringLength(MAX_STRING)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonFile() {}

    /** @throws TwofoldException of kind INPUT if the file is missing, too large, or not one JSON object */
    public static ObjectNode read(Path file) {
        try {
            SourceFile.require(file, MAX_BYTES);
            JsonNode root = parse(file);
            if (root instanceof ObjectNode object) {
                return object;
            }
            throw TwofoldException.input("not a JSON object")
                    .at(Origin.file(file))
                    .found(root.getNodeType())
                    .hint("download it again");
        } catch (IOException e) {
            throw JsonFailure.of(file, e);
        }
    }

    /**
     * Reads an object that stands in a part of a file.
     *
     * @param origin for messages
     * @throws TwofoldException of kind INPUT if it is not one JSON object
     */
    public static ObjectNode read(String text, Origin origin) {
        try {
            if (MAPPER.readTree(text) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw noObject(origin).cause(e);
        }
        throw noObject(origin);
    }

    private static TwofoldException noObject(Origin origin) {
        return TwofoldException.input("not a JSON object").at(origin).hint("download the file again");
    }

    private static JsonNode parse(Path file) throws IOException {
        // Through a reader, which refuses what is not UTF-8.
        try (Reader text = new BufferedReader(
                new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()))) {
            text.mark(1);
            if (text.read() != BYTE_ORDER_MARK) {
                text.reset();
            }
            return MAPPER.readTree(text);
        }
    }
}
