package dev.twofold.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a JSON object from a file of a stranger: bounded in size and depth, no key twice, nothing after the end. */
final class JsonFile {

    /** An index of 100,000 tensors is about 10 MB. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int MAX_DEPTH = 64;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonFile() {}

    /** @throws TwofoldException of kind INPUT if the file is missing, too large, or not one JSON object */
    static ObjectNode read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw TwofoldException.input(Files.exists(file) ? "not a regular file" : "the file is missing")
                        .at(Origin.file(file))
                        .hint("a Hugging Face checkpoint directory has it beside the safetensors");
            }
            if (Files.size(file) > MAX_BYTES) {
                throw TwofoldException.input("the file is too large")
                        .at(Origin.file(file))
                        .found(Files.size(file) + " bytes")
                        .expected("at most " + MAX_BYTES + " bytes");
            }
            JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
            if (root instanceof ObjectNode object) {
                return object;
            }
            throw TwofoldException.input("not a JSON object")
                    .at(Origin.file(file))
                    .found(root.getNodeType());
        } catch (JsonProcessingException e) {
            JsonLocation location = e.getLocation();
            String line = location == null ? "" : " at line " + location.getLineNr();
            throw TwofoldException.input("not valid JSON" + line)
                    .at(Origin.file(file))
                    .found(e.getOriginalMessage()
                            .lines()
                            .findFirst()
                            .orElse("")
                            .replaceFirst("\\(?\\[Source.*|\\(start marker.*", ""))
                    .cause(e);
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }
}
